"""What the columns of an encoded table are called."""

from sklearn.utils.validation import _check_feature_names_in

from .kinds import DATE, LEVEL, NUMBER, TEXT, written_as_text


def unique(names):
    """Names with "_2", "_3", … behind those that repeat an earlier one."""
    taken, found = set(names), {}
    for name in names:
        own, count = name, 1
        while own in found or (count > 1 and own in taken):
            count += 1
            own = f"{name}_{count}"
        found[own] = None
    return list(found)


class EncodedNames:
    """Names, for an encoder that has learnt kinds, dates, levels, targets and texts."""

    def _names_out(self, input_features):
        """Names of all columns before the bins, and of these."""
        of_levels = self._names_of(LEVEL, input_features)
        numbers = self._number_names(input_features)
        if self._targets is not None:
            numbers += self._targets.names(of_levels)
        names, bins = self._numbers.names(numbers)
        names += self._levels.names(of_levels)
        of_texts = self._names_of(TEXT, input_features)
        for name, text in zip(of_texts, self._text, strict=True):
            names += [f"{name}_text{i}" for i in range(text.n_columns)]
        return names, bins

    def _written_as_text(self):
        """Names of the columns whose numbers or dates were text in `fit`."""
        pairs = zip(self._names(None), self._forms, strict=True)
        return [name for name, form in pairs if written_as_text(form)]

    def _names(self, input_features):
        return _check_feature_names_in(self, input_features)

    def _names_of(self, kind, input_features):
        names = self._names(input_features)
        return [n for n, k in zip(names, self.kinds_, strict=True) if k == kind]

    def _number_names(self, input_features):
        """Names of the numbers, those made of dates among them."""
        names, dates = [], iter(self._date_parts)
        for name, kind in zip(self._names(input_features), self.kinds_, strict=True):
            if kind == DATE:
                names += [f"{name}_{part}" for part in next(dates)]
            elif kind == NUMBER:
                names.append(name)
        return names
