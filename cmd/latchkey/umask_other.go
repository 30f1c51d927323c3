//go:build !unix

package main

// private does nothing where files have no permissions of that kind.
func private() {}
