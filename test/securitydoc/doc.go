// Package securitydoc keeps docs/security.md true. Its tests hold the list of
// requirements, find the tests that have the requirements' IDs in their names,
// and write or check the document:
//
//	go test ./test/securitydoc -update
package securitydoc
