"""What can be found wrong in a feature file beside what kehu.rules.checks lists, by check id."""

FEATURE_CHECKS: dict[str, str] = {
    "duplicate-feature": "the name of a feature is taken",
    "feature": "what a feature counts or is made of does not exist or does not fit",
    "feature-cycle": "features need each other in a circle",
    "feature-key": "a key means nothing to this operation",
    "feature-meaning": "a feature has no sentence that says what it means",
    "feature-missing": 'the value for "never happened" does not fit the feature',
    "feature-name": "a feature's name is not small letters, digits and underscores",
    "feature-of": "a share does not say which events make it",
    "feature-operation": "a feature has no operation, or more than one",
    "feature-q": "the share of a quantile does not lie between 0 and 1",
    "feature-served": "a feature is marked to be kept with each run, and there is no slot that could hold it",
    "feature-shape": "a value of a feature is a list or mapping where a text is needed, or the other way round",
    "feature-unit": "a feature does not say what it is counted in",
    "feature-with": "a model is not given a feature for each of its inputs",
    "label": "a feature's label lacks English or Chinese",
}
