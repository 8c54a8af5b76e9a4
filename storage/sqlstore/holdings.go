package sqlstore

import "strings"

// holdings are the roles and groups of a person, which other tables have. They come with
// every read of the person, so that a token costs no round trip of its own. What several
// sources or groups gave may be there more than once.
type holdings struct{ Roles, Groups []string }

// The first characters of the lines of [dialect.held].
const (
	heldRole  = "+"
	heldGroup = "-"
)

// held is the expression of [holdings] over a row u of users: a line for each role and
// each group. It is one pass over the memberships, and with PostgreSQL no aggregate: to
// set up two of them took longer than all else that the check of a token has to do.
func (d dialect) held() string {
	rows := `SELECT '` + heldRole + `' || a.role AS line FROM user_roles a WHERE a.user_id = u.id
		UNION ALL SELECT '` + heldGroup + `' || k.name || COALESCE('` + "\n" + heldRole + `' || b.role, '') FROM group_members m
		JOIN groups k ON k.id = m.group_id LEFT JOIN group_roles b ON b.group_id = m.group_id WHERE m.user_id = u.id`
	if d == sqliteDB {
		return `(SELECT string_agg(h.line, '` + "\n" + `') FROM (` + rows + `) h)`
	}
	return `array_to_string(ARRAY(` + rows + `), '` + "\n" + `')`
}

// Scan implements sql.Scanner.
func (h *holdings) Scan(src any) error {
	text, err := asText(src)
	*h = holdings{Roles: []string{}} // who lists them shows none as an empty list
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if name, group := strings.CutPrefix(line, heldGroup); group {
			h.Groups = append(h.Groups, name)
		} else {
			h.Roles = append(h.Roles, strings.TrimPrefix(line, heldRole))
		}
	}
	return err
}
