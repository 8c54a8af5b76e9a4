// Package adminapi holds the admin API of a node to its documentation and to its OpenAPI
// document, from outside.
package adminapi
