//go:build unix

package main

import "syscall"

// private makes every file that the program makes its owner's alone.
func private() { syscall.Umask(0o077) }
