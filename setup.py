import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def version():
    """Version in skally/__init__.py, read without importing it: torch may not be there yet."""
    text = (HERE / "skally" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE).group(1)


ACCELERATE = ["accelerate>=1.0"]
ACTIVEML = ["scikit-activeml>=1.0"]
DASK = ["dask[array,dataframe]>=2023.12.1", "distributed>=2023.12.1"]
LABELSTUDIO = ["label-studio-sdk>=2.0"]
PLOT = ["matplotlib>=3.7"]
DOCS = [
    "numpydoc>=1.6",
    "pydata-sphinx-theme>=0.15",
    "sphinx>=7",
    "sphinx-gallery>=0.15",
    "sphinx-mathjax-offline",
    *ACTIVEML,
    *PLOT,
]
TEST = [
    "clarabel",
    "cvxpy>=1.6",
    "hypothesis",
    "import-linter>=2.0",
    "polars>=1.0",
    "pytest>=8.3",
    "pytest-xdist>=3.6",
    "ruff",
    *ACCELERATE,
    *DASK,
    *PLOT,
]

setup(
    name="skally",
    version=version(),
    description="scikit-learn compatible active learning by constrained neural nets",
    long_description=(HERE / "README.rst").read_text(encoding="utf-8"),
    long_description_content_type="text/x-rst",
    author="The skally developers",
    license="BSD-3-Clause",
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    keywords="active learning, constrained learning, Lagrangian duality, scikit-learn, skorch",
    packages=find_packages(include=["skally", "skally.*"]),
    zip_safe=False,
    python_requires=">=3.10",
    # Lower bounds are what constraints/oldest.in tests, with torch 2.13. With torch 2.4.0 the same
    # tests pass, but for a warning of torch about itself whenever a tensor is unpickled.
    install_requires=[
        "filelock>=3.13",
        "joblib>=1.4",
        "modAL-python>=0.4.1",
        "numpy>=1.24",
        "pandas>=1.5",
        "pooch>=1.6",
        "scikit-learn>=1.6",
        "scipy>=1.10",
        "skorch>=1.2",
        "torch>=2.4",
        "tqdm>=4.43",
    ],
    extras_require={
        "accelerate": ACCELERATE,
        "activeml": ACTIVEML,
        "dask": DASK,
        "docs": DOCS,
        "labelstudio": LABELSTUDIO,
        "plot": PLOT,
        "test": TEST,
    },
)
