package server

// WritePair makes a certificate and its key for tests outside of the package.
var WritePair = writePair
