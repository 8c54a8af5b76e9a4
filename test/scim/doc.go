// Package scim checks a node's SCIM interface against its specification, from outside.
package scim
