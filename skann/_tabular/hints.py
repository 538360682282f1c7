"""Where what other libraries give `fit` belongs in estimators of tables."""

_VALIDATION = (
    "Each network validates on a fold of X: cv=5, or cv=[(training_rows, "
    "validation_rows)] with numbers of rows of one table that holds both."
)
_CATEGORIES = (
    "Text is a category by itself; numbers are where their dtype says so: "
    "X.astype({'column': 'category'})."
)
_MEMBER = (
    "Networks with settings of their own are given as the parameter estimator, a "
    "BPClassifier or BPRegressor."
)

# By the name of the argument.
ELSEWHERE = {
    **dict.fromkeys(
        ("X_val", "y_val", "sample_weight_val", "eval_set", "validation_data"),
        _VALIDATION,
    ),
    "validation_split": _VALIDATION,
    **dict.fromkeys(
        ("categorical_feature", "categorical_features", "cat_features", "cat_cols"),
        _CATEGORIES,
    ),
    **dict.fromkeys(
        ("epochs", "batch_size", "callbacks", "coef_init", "intercept_init"),
        _MEMBER,
    ),
    "sample_weights": "It is called sample_weight.",
    "weights": "It is called sample_weight.",
}
