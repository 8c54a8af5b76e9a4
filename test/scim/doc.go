// Package scim holds the SCIM interface of a node to its specification, from outside.
package scim
