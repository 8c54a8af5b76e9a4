package scim

import (
	"maps"
	"slices"
	"strings"
)

// Route is a method at an address; {id} is in it where it is about one resource.
type Route struct{ Method, Path string }

// Routes are all that there are, by the tables that requests go by.
func Routes(s *Server) []Route {
	var all []Route
	for endpoint, methods := range resources {
		for method := range methods {
			method, one := strings.CutSuffix(method, " one")
			path := endpoint
			if one {
				path += "/{id}"
			}
			all = append(all, Route{method, path})
		}
		all = append(all, Route{"POST", endpoint + "/.search"})
	}
	for path := range queries {
		all = append(all, Route{"POST", path})
	}
	for path := range maps.Keys(s.found) {
		all = append(all, Route{"GET", path})
	}
	slices.SortFunc(all, func(a, b Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return all
}
