// Command testlog reads what go test -json prints and shows what a person
// needs of it: a line for each package, the whole output of what failed, the
// tests that were skipped with their reason, and the count at the end.
//
// It exits with 1 when a test failed, a package did not build or no test ran,
// and, where CI is set or LK_TEST_REQUIRE is 1, when a test was skipped that did
// not run on the other database.
//
// Nevers: it imports the standard library only, so that it runs before
// anything is fetched.
package main
