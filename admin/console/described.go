package console

// Described is an act as others speak of it: tests that hold the ways in to one effect.
type Described struct {
	// Path is the address of its page, with what it is done to in braces.
	Path string
	// Operation is that of the admin API which does the same; Command the command that
	// does, after "latchkey ", empty where none does.
	Operation, Command string
}

// Acts are all that is done in the console.
func Acts() []Described {
	var all []Described
	for _, a := range acts() {
		all = append(all, Described{a.path(), a.operation, a.command})
	}
	return all
}
