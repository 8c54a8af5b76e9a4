// Package adminapi checks a node's admin API against its documentation and its OpenAPI
// document, from outside.
package adminapi
