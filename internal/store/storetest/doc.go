// Package storetest gives tests real databases: a fresh, migrated one each, on
// SQLite and on PostgreSQL, with a clock that the test moves.
//
// PostgreSQL is a throw-away cluster that is started when the first test asks
// for it and ends with the test binary, however that ends. LK_TEST_POSTGRES
// names another server to use: a URL whose user may create databases. Without
// PostgreSQL the tests that need it are skipped; where CI or LK_TEST_REQUIRE is
// set they fail.
//
// Nevers: imported by tests only.
package storetest
