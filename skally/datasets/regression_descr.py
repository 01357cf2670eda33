"""What the regression tables are: DESCR of their Bunches."""

KIN8NM = """\
kin8nm
======

8192 rows, 8 features. Simulated forward kinematics of a robot arm of eight links, in its highly
nonlinear variant with medium noise.

Target: distance, of the end of the arm from a point.
Features: theta1 to theta8, the angles of the joints in radians.

Licence: free to use. Source: the Delve repository of the University of Toronto, family kin; OpenML
data set 189.
"""
NAVAL = """\
Condition Based Maintenance of Naval Propulsion Plants
======================================================

11934 rows, 16 features, 2 targets. A simulator of a frigate's gas turbine, run over a grid of
speeds and of decays, in steady state.

Targets: compressor_decay and turbine_decay, the coefficients of the decay of the gas turbine's
compressor (0.95 to 1) and of the turbine (0.975 to 1).
Features: lever (position of the lever), speed (of the ship, knots), GTT (shaft torque, kN m), GTn
(rate of revolutions of the turbine, per minute), GGn (of the gas generator), Ts and Tp (torque of
the propellers at starboard and port, kN), T48, T1, T2 (temperatures at the exit of the turbine and
at the inlet and outlet of the compressor, C), P48, P1, P2, Pexh (pressures there and of the
exhaust, bar), TIC (control of the turbine's injection, %), fuel_flow (kg/s). T1 and P1 are
constant.

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 316.
A. Coraddu, L. Oneto, A. Ghio, S. Savio, D. Anguita, M. Figari, "Machine learning approaches for
improving condition-based maintenance of naval propulsion plants", Journal of Engineering for the
Maritime Environment, 2014.
"""
POWER_PLANT = """\
Combined Cycle Power Plant
==========================

9568 rows, 4 features. Hours of a power plant at full load, 2006 to 2011.

Target: energy_output, net, in MW.
Features: hourly means of temperature (C), vacuum (of the exhaust, cm Hg), pressure (of the air,
mbar) and humidity (relative, %).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 294.
P. Tufekci, "Prediction of full load electrical power output of a base load operated combined cycle
power plant using machine learning methods", International Journal of Electrical Power & Energy
Systems, 60, 2014.
"""
CONCRETE = """\
Concrete Compressive Strength
=============================

1030 rows, 8 features. Tests of concrete. Several rows are one mixture at several ages.

Target: strength, the compressive strength in MPa.
Features: cement, slag, fly_ash, water, superplasticizer, coarse_aggregate, fine_aggregate (kg in a
cubic metre of the mixture), age (days).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 165.
I-C. Yeh, "Modeling of strength of high-performance concrete using artificial neural networks",
Cement and Concrete Research, 28(12), 1998.
"""
ENERGY = """\
Energy Efficiency
=================

768 rows, 8 features. Simulated buildings of twelve shapes.

Target: heating_load (kWh for a square metre). The cooling load of the original is not in this file.
Features: relative_compactness, surface_area, wall_area, roof_area (square metres), height (metres),
orientation (a code, 2 to 5), glazing_area (a fraction of the floor's), glazing_distribution (a
code, 0 to 5).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 242.
A. Tsanas, A. Xifara, "Accurate quantitative estimation of energy performance of residential
buildings using statistical machine learning tools", Energy and Buildings, 49, 2012.
"""
PROTEIN = """\
Physicochemical Properties of Protein Tertiary Structure
========================================================

45730 rows, 9 features. Proposed structures of proteins, of the CASP experiments 5 to 9. Numbers
have ten digits.

Target: RMSD, how far the structure is from the true one, in angstrom.
Features: F1 (surface area), F2 (non-polar exposed area), F3 (fraction of exposed non-polar
residues), F4 (fraction of the exposed non-polar part of residues), F5 (exposed area weighted by
molecular mass), F6 (mean deviation from the standard exposed area of residues), F7 (Euclidean
distance), F8 (penalty of the secondary structure), F9 (constraints of the distribution in space).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 265,
by P. S. Rana.
"""
DIAMONDS = """\
Diamonds
========

53940 rows, 9 features. Round cut diamonds on sale.

Target: price, in US dollars.
Features: carat (weight), cut (Fair, Good, Very Good, Premium, Ideal), color (J to D), clarity (I1,
SI2, SI1, VS2, VS1, VVS2, VVS1, IF), depth (total, % of the mean diameter), table (width of the
top, % of the widest part), x, y, z (length, width and depth, mm). The qualities go from the worst
to the best: in arrays they are numbers from 0, in frames ordered categories. A few rows have x, y
or z of 0, which can't be.

Licence: MIT, as ggplot2. Source: the R package ggplot2, file data-raw/diamonds.csv.
"""
DESCR = {
    "kin8nm": KIN8NM,
    "naval": NAVAL,
    "power-plant": POWER_PLANT,
    "concrete": CONCRETE,
    "energy": ENERGY,
    "protein": PROTEIN,
    "diamonds": DIAMONDS,
}
