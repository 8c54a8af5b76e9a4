package api

// Described is an operation as others speak of it: the console, whose pages take what
// it takes and name it, and tests.
type Described struct {
	// ID is its word, Method and Path are where it is below [Prefix], Scope is what it takes.
	ID, Method, Path, Scope string
	// Status is that of a success.
	Status int
	// Does says so in a few words of English, More in a sentence or two.
	Does, More string
}

// Operations are all that the API does.
func Operations() []Described {
	var all []Described
	for _, o := range operations() {
		all = append(all, Described{o.id, o.method, o.path, o.scope, o.status, o.does, o.more})
	}
	return all
}
