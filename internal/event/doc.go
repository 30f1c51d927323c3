// Package event writes down what happened in a realm: for the operator, in
// the store, and for the log, as one structured line.
//
// Verbs: [Record] for what people and applications do, [RecordAdmin] for what
// administrators do.
//
// Nevers: it never holds a secret, and its log lines never hold an address in
// clear, only a short keyed hash of it by which lines can be told to be about
// the same one.
package event
