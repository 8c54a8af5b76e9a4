package api

// Row is an operation as tests see it.
type Row struct {
	ID, Method, Path, Scope string
	Status                  int
}

// Operations is the table, for tests.
func Operations() []Row {
	var rows []Row
	for _, o := range operations() {
		rows = append(rows, Row{o.id, o.method, o.path, o.scope, o.status})
	}
	return rows
}
