// Package api is the admin API: REST below /admin/api/v1, JSON, with problem details
// (RFC 9457) and an OpenAPI 3.1 document that is generated from the types here.
//
// An operation is one row of one table ([operations]): its method, path, scope, words and
// handler. Routes, the document and the authorization tests follow from the table.
//
// The package checks only who calls and with which scope. Package account decides who may
// do what to whom, and which values are valid. The API shows no secrets: links that it
// creates are shown once, to whoever asked for them.
package api
