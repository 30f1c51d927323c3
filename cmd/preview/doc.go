// Command preview shows every page and every mail with sample data, in every
// language.
//
//	go run ./cmd/preview [--listen 127.0.0.1:0]   serves an index of them
//	go run ./cmd/preview --out DIR                writes them as files
//
// Nevers: it has no database, sends no mail, and signs nobody in.
package main
