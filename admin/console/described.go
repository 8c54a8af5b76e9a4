package console

// Described is a page or an act as tests look at it: what it shows to be the same.
type Described struct {
	// Path is its address, Operation that of the admin API, and Command the command after
	// "latchkey ", with what it is about in braces; empty where none does the same.
	Path, Operation, Command string
}

// Descriptions are those of all pages and acts.
func Descriptions() []Described {
	var all []Described
	for _, p := range (&Console{}).pages() {
		all = append(all, Described{p.path, p.operation, p.command})
	}
	for _, a := range acts() {
		all = append(all, Described{a.path(), a.operation, a.command})
	}
	return all
}
