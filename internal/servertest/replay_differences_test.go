package servertest_test

// difference is how an answer differs from the recorded one, and why.
type difference struct{ what, why string }

// differences are all that there are, by the name of the recording.
var differences = map[string]difference{}
