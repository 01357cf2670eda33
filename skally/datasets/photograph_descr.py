"""What the colour images are: names, classes and DESCR of their Bunches."""

from skally.datasets.images import ImageSet

CIFAR10_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
CIFAR10_DESCR = """\
CIFAR-10
========

50000 training and 10000 test images, 32 x 32, colour, ten classes of the same size.

Target: the class. Images: red, green and blue from 0 to 1.

Licence: none stated; for research. Source: A. Krizhevsky, "Learning multiple layers of features
from tiny images", technical report, University of Toronto, 2009.
"""
CIFAR10_SET = ImageSet("CIFAR-10", CIFAR10_CLASSES, CIFAR10_DESCR)
CIFAR10_JPEG_SET = ImageSet(
    "CIFAR-10 (JPEG copy)",
    CIFAR10_CLASSES,
    CIFAR10_DESCR
    + """
These images are a JPEG copy of quality about 75, so not those of other people's results: call them
"CIFAR-10 (JPEG copy)". Training rows are in the official order, test rows class by class.
""",
)
SVHN_SET = ImageSet(
    "SVHN",
    tuple("0123456789"),
    """\
Street View House Numbers, cropped digits
=========================================

73257 training and 26032 test images, 32 x 32, colour, of digits of house numbers. A digit's
neighbours may be in the picture.

Target: the digit in the middle. Images: red, green and blue from 0 to 1.

Licence: none stated; for non-commercial use only. Source: Y. Netzer, T. Wang, A. Coates,
A. Bissacco, B. Wu, A. Y. Ng, "Reading digits in natural images with unsupervised feature learning",
NIPS Workshop on Deep Learning and Unsupervised Feature Learning, 2011.
""",
)
STL10_SET = ImageSet(
    "STL-10",
    ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
    """\
STL-10
======

5000 training and 8000 test images, 96 x 96, colour, ten classes of the same size. They are of
ImageNet.

Target: the class. Images: red, green and blue from 0 to 1.

Licence: none stated; for research, as ImageNet. Source: A. Coates, H. Lee, A. Y. Ng, "An analysis
of single-layer networks in unsupervised feature learning", AISTATS, 2011.
""",
)
