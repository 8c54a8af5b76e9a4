// Package securitydoc keeps docs/security.md true. Its tests hold the list of
// what must hold, find the tests that bear the requirements' ids in their names,
// and write or check the document:
//
//	go test ./test/securitydoc -update
package securitydoc
