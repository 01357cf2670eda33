"""What the classification tables are: DESCR of their Bunches."""

LETTER = """\
Letter Recognition
==================

20000 rows, 16 features, 26 classes. Capital letters in 20 fonts, distorted at random. The first
16000 rows are often used to train and the last 4000 to test, but the split is not official.

Target: the letter, A to Z.
Features, integers from 0 to 15: place and size of the letter's box (x-box, y-box, width, high),
pixels that are on (onpix), means, variances and correlations of their places (x-bar, y-bar, x2bar,
y2bar, xybar, x2ybr, xy2br), edges and their correlations with place (x-ege, xegvy, y-ege, yegvx).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 59.
P. W. Frey, D. J. Slate, "Letter recognition using Holland-style adaptive classifiers", Machine
Learning, 6(2), 1991.
"""
MAGIC = """\
MAGIC Gamma Telescope
=====================

19020 rows, 10 features, 2 classes. Simulated images of showers in the atmosphere. The rows are
sorted by class.

Target: hadron (6688 rows, the background) or gamma (12332 rows, the signal).
Features, of an ellipse around the image: fLength, fWidth (half axes, mm), fSize (logarithm of the
sum of the contents of all pixels), fConc, fConc1 (share of the two brightest pixels, of the
brightest), fAsym (from the brightest pixel to the centre, mm), fM3Long, fM3Trans (third root of the
third moment along both axes, mm), fAlpha (angle to the origin, degrees), fDist (from the origin to
the centre, mm).

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 159,
by R. K. Bock.
"""
PENDIGITS = """\
Pen-Based Recognition of Handwritten Digits
===========================================

7494 training and 3498 test rows, 16 features, 10 classes. Digits written on a tablet by 44 people:
30 wrote the training set, the 14 others the test set.

Target: the digit.
Features: x1, y1 to x8, y8, eight points of the pen's path at equal distances, from 0 to 100.

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 81.
F. Alimoglu, E. Alpaydin, "Methods of combining multiple classifiers based on different
representations for pen-based handwriting recognition", TAINN 96, 1996.
"""
SATIMAGE = """\
Landsat Satellite
=================

4435 training and 2000 test rows, 36 features, 6 classes. Pixels of a satellite's image, each with
its eight neighbours. The source asks not to cross-validate but to use its test set.

Target: the soil of the middle pixel: red soil, cotton crop, grey soil, damp grey soil, soil with
vegetation stubble, very damp grey soil (in the file 1, 2, 3, 4, 5, 7).
Features: pixel1_band1 to pixel9_band4, brightness from 0 to 255 in four bands of each of nine
pixels, from left to right and from top to bottom; pixel5 is the middle one.

Licence: Creative Commons Attribution 4.0. Source: UCI Machine Learning Repository, data set 146.
"""
DESCR = {"letter": LETTER, "magic": MAGIC, "pendigits": PENDIGITS, "satimage": SATIMAGE}
