"""The report on answers: sections about an `AnswerSubject`, listed in `sections`."""
