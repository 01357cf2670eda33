"""Parameters and attributes of the meta-estimators, as their docstrings have them."""

PARAMETERS = """
    Parameters
    ----------
    estimator : {kind} of scikit-learn
        A forest, boosting, a linear model, a pipeline or a search, with ``fit`` and ``predict``. It
        is cloned; a ``random_state`` of its own that is None is set from ours.
    epsilon : float, {epsilon_unit}, or "auto", default={epsilon}
        Tolerance: the loss that no row may exceed. One for each row goes through ``fit(X, y,
        epsilon=eps)``, eps of shape (n,). "auto" is 1.2 times the mean loss of rows withheld from
        fits without constraints.
    weighted : "auto", True or False, default="auto"
        Whether a row has the weight 1 + dual in the fits. "auto" is True where the estimator takes
        sample weights, as a pipeline does whose last step takes them. False records the duals: the
        fitted estimator is then that without constraints.
    n_dual_updates : int, default=3
        Updates of the duals. Each makes new fits if these are weighted. 0 leaves all duals at 0.
    dual_loss : "auto", "held_out" or "training", default="auto"
        Whose losses the duals see. The first two: those of rows withheld from fits, by folds; of an
        estimator that keeps predictions out of bag, such as a forest with ``bootstrap=True,
        oob_score=True``, those, with no further fits. With fewer than 20 rows or one group no row
        can be withheld, and a warning says so. "training": those of the estimator on its own
        training rows, the paper's. A convex problem then has the solver's multipliers in the end.
    dual_lr : float, "auto" or None, default=None
        Step of the dual ascent. None: for losses of withheld rows that of the nets' members, half
        of the way to a fourth of the slack, up to a dual of 1; "auto" for training losses. "auto"
        is 1 / median(epsilon), with which linear models and squared errors converge.
    dual_max : float or None, default=None
        Upper bound of the duals, as in the nets.
    dual_decay : float, default=0.0
        A dual costs ``(dual_decay / 2) * dual ** 2``, as in the nets.
    cv : int, default=5
        Folds{stratified}. All rows of a fold are withheld from one fit.
    n_jobs : int or None, default=None
        Fits of folds at a time, as in scikit-learn.
    random_state : None, int or RandomState, default=None

    Attributes
    ----------
    estimator_ : estimator
        Fitted on all rows, with weights by the final duals.
    dual_variables_ : array of shape (n,)
        Dual variable of each row of the X given to ``fit``, not negative.
    slacks_ : array of shape (n,)
        Loss that the duals see, minus epsilon, under the final weights; positive means violated.
    held_out_loss_ : array of shape (n,)
        Loss of each row by fits from which it was withheld; NaN where there are none, such as of a
        class with one row. All NaN with ``dual_loss="training"``.
    epsilon_ : float or array of shape (n,)
        Tolerance used.
    sensitivity_ : array of shape (n,)
        ``-dual_variables_ / n``; the derivative of the optimal mean loss by the row's tolerance
        where the duals are a convex problem's multipliers.
    train_embedding_ : array of shape (n, d)
        ``embed(X)`` of the X given to ``fit``.
    history_ : list of dict
        A line for the fit without duals and one for each update, with ``objective``,
        ``lagrangian``, ``max_violation``, ``dual_mean``, ``dual_max`` and ``fraction_active``.
    n_dual_updates_ : int
        Fewer than asked for where an update changed no dual.
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features,)
        Only if X has string column names.{attributes}

    Warns
    -----
    UserWarning
        Where no row can be withheld.
    ConvergenceWarning
        With ``dual_loss="training"``, where the duals have not converged.
"""

REFERENCES = """
    References
    ----------
    Elenter, NaderiAlizadeh, Ribeiro, "A Lagrangian Duality Approach to Active Learning",
    NeurIPS 2022, Algorithm 1 (PDCL), here with a fit for each primal step.
"""
