package access

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var somebody = Subject{
	ID: "1", Username: "ada", Email: "ada@example.com", EmailVerified: true, Groups: []string{"admins", "hr"}, Roles: []string{"owner"},
	Attributes: map[string]any{"department": "people", "level": int64(3), "sites": []string{"oslo"}},
}

func TestAC3_ExpressionsReadThePerson(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		`"admins" in user.groups`:                                               true,
		`user.email_verified ? user.email : ""`:                                 "ada@example.com",
		`user.groups.filter(g, g != "hr")`:                                      []any{"admins"},
		`user.groups.map(g, "wiki-" + g)`:                                       []any{"wiki-admins", "wiki-hr"},
		`"department" in user.attributes ? user.attributes.department : "none"`: "people",
		`user.attributes.level > 2 ? "senior" : "junior"`:                       "senior",
		`{"name": user.username, "roles": user.roles}`:                          map[string]any{"name": "ada", "roles": []any{"owner"}},
		`"oslo" in user.attributes.sites`:                                       true,
		`sets.intersects(user.groups, ["it", "hr"])`:                            true,
		`user.groups.map(g, g.replace("admin", "root").upperAscii())`:           []any{"ROOTS", "HR"},
		`user.roles + user.groups == ["owner", "admins", "hr"]`:                 true,
		`dyn(1) in user.groups || "HR" in user.groups`:                          false,
		`has(user.email) && user.groups[1] == "hr" && size(user.groups) == 2`:   true,
		`[user].all(u, "owner" in u.roles)`:                                     true,
		`user.groups.join(",")`:                                                 "admins,hr",
		`user.email.split("@")[1]`:                                              "example.com",
	} {
		expression, err := CompileExpression(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := expression.Evaluate(&somebody)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestAC3_FaultyAndCostlyExpressionsAreRefusedWhenCompiled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `user.`, `user.password_hash`, `request.headers`, `"admins" in user.email`, `user.groups + 1`, `now()`, `timestamp_of_day()`,
		`user`, `type(user.id)`, strings.Repeat("(", 1000), `"` + strings.Repeat("x", maxExpression) + `"`,
	} {
		if _, err := CompileExpression(text); err == nil {
			t.Errorf("%.60q compiles", text)
		}
	}
	nested := `user.groups.all(a, user.groups.all(b, user.groups.all(c, a + b + c != "")))`
	if _, err := CompileExpression(nested); !errors.Is(err, ErrTooCostly) {
		t.Errorf("three loops over each other: %v, want ErrTooCostly", err)
	}
}

func TestAC3_EvaluationStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	expression, err := CompileExpression(`user.groups.exists(g, g == "last")`)
	if err != nil {
		t.Fatal(err)
	}
	many := Subject{Groups: make([]string, 100_000)}
	if _, err := expression.Evaluate(&many); err == nil {
		t.Error("a hundred thousand groups were gone through")
	}
	if _, err := expression.Evaluate(&Subject{Groups: make([]string, 500)}); err != nil {
		t.Errorf("five hundred groups: %v", err)
	}
}

// What a short expression costs is not counted while it runs; for somebody who is larger
// than it was estimated for, it is.
func TestAC3_CostIsCountedWhereItIsNotKnown(t *testing.T) {
	t.Parallel()
	short, err := CompileExpression(`"admins" in user.groups`)
	if err != nil {
		t.Fatal(err)
	}
	reading, err := CompileExpression(`user.attributes.level > 2`)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", assumedLength+1)
	for name, c := range map[string]struct {
		of      *Expression
		person  Subject
		counted bool
	}{
		"somebody":         {short, somebody, false},
		"reads attributes": {reading, somebody, true},
		"many groups":      {short, Subject{Groups: make([]string, assumedList+1)}, true},
		"many roles":       {short, Subject{Roles: make([]string, assumedList+1)}, true},
		"a long group":     {short, Subject{Groups: []string{long}}, true},
		"a long address":   {short, Subject{Email: long}, true},
	} {
		if counted := c.of.programFor(&c.person) == c.of.program; counted != c.counted {
			t.Errorf("%s: counted is %v, want %v", name, counted, c.counted)
		}
	}
}

// A text that grows with each call would cost memory that no count of calls bounds.
func TestAC3_NoFunctionMakesMoreThanItsBound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200)
	for _, text := range []string{
		`user.email.replace("x", user.email)`, `user.groups.map(g, user.email).join(user.email)`,
		`user.email.replace("x", user.email).replace("x", user.email).replace("x", user.email).replace("x", user.email)`,
	} {
		expression, err := CompileExpression(text)
		if err != nil {
			continue // refused at once: as good
		}
		if value, err := expression.Evaluate(&Subject{Email: long, Groups: make([]string, 500)}); err == nil {
			t.Errorf("%s made %d bytes", text, len(value.(string)))
		}
	}
}

func FuzzAC3_NoExpressionPanicsOrHangs(f *testing.F) {
	for _, text := range []string{`"admins" in user.groups`, `user.attributes.level > 2`, `user.groups.map(g, g + g)`, `{"a": [1, 2.5, b"x"]}`, `"%s".format([user.id])`} {
		f.Add(text, "group", "value")
	}
	f.Fuzz(func(t *testing.T, text, group, value string) {
		expression, err := CompileExpression(text)
		if err != nil {
			return
		}
		_, _ = expression.Evaluate(&Subject{Groups: []string{group, value}, Attributes: map[string]any{group: value}})
	})
}
