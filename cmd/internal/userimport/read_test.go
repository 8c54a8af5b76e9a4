package userimport

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Read is what a file holds, all of it at once.
type Read struct {
	People          []Person
	Problems, Notes []Finding
}

// From reads a file whole.
func From(format string, file io.Reader) (*Read, error) {
	r := &Read{}
	err := Scan(format, file, Sink{
		Person: func(p *Person) error {
			r.People = append(r.People, *p)
			return nil
		},
		Problem: func(f Finding) { r.Problems = append(r.Problems, f) },
		Note:    func(f Finding) { r.Notes = append(r.Notes, f) },
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// many is a file of n lines or rows that is made while it is read.
type many struct {
	n, next int
	line    func(i int) string
	rest    string
}

func (m *many) Read(p []byte) (int, error) {
	for len(m.rest) < len(p) && m.next < m.n {
		m.rest += m.line(m.next)
		m.next++
	}
	if m.rest == "" {
		return 0, io.EOF
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// files are those of n people in each format. One of them, near the end, has the
// address of one near the beginning.
func files(n int) map[string]*many {
	name := func(i int) int {
		if i == n-2 {
			return 1
		}
		return i
	}
	return map[string]*many{
		FormatCSV: {n: n, line: func(i int) string {
			if i == 0 {
				return "id,email,name,password_hash\n"
			}
			return fmt.Sprintf("%d,user%d@example.com,User Number %d,%s\n", i, name(i), i, pbkdf2)
		}},
		FormatJSONL: {n: n, line: func(i int) string {
			return fmt.Sprintf("{\"email\":\"user%d@example.com\",\"password_hash\":%q}\n", name(i), pbkdf2)
		}},
		// People, and then for each of them a row that refers to them.
		FormatDjango: {n: n + 1, line: func(i int) string {
			half := n / 2
			switch {
			case i == n:
				return "]"
			case i < half:
				separator := ","
				if i == 0 {
					separator = "["
				}
				return fmt.Sprintf(`%s{"model":"auth.user","pk":%d,"fields":{"username":"user%d","email":"user%d@example.com","password":%q}}`, separator, i, i, i, pbkdf2)
			}
			return fmt.Sprintf(`,{"model":"account.emailaddress","pk":%d,"fields":{"user":%d,"email":"user%d@example.com","verified":true,"primary":true}}`, i, i-half, i-half)
		}},
	}
}

// liveHeap is what is in use after a collection, in bytes.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemoryDoesNotGrowWithTheFile: people are read one by one. What is alive in the
// middle and at the end of a long file is as much as of a short one, and two people far
// apart who have one address are found all the same.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const most = 8 << 20
	for format, file := range files(60_000) {
		before, peak, people, verified := liveHeap(), int64(0), 0, 0
		var problems []string
		err := Scan(format, file, Sink{
			Person: func(p *Person) error {
				if p.User.EmailVerified {
					verified++
				}
				if people++; people%10_000 == 0 {
					peak = max(peak, liveHeap()-before)
				}
				return nil
			},
			Problem: func(f Finding) { problems = append(problems, f.String()) },
			Note:    func(f Finding) { t.Errorf("%s: note %s", format, f) },
		})
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if peak > most {
			t.Errorf("%s: %d KiB are alive while %d people are read", format, peak>>10, people)
		}
		switch {
		case format == FormatDjango && (people != 30_000 || verified != people || len(problems) > 0):
			t.Errorf("%s: %d people, %d of them joined with their rows, problems %q", format, people, verified, problems)
		case format != FormatDjango && (len(problems) != 1 || !strings.Contains(problems[0], `"user1@example.com" is the name of line 2 too`)):
			t.Errorf("%s: problems %q", format, problems)
		}
	}
}

func TestAlgorithmsHaveTheirNames(t *testing.T) {
	for encoded, want := range map[string]string{
		pbkdf2: "Django pbkdf2_sha256", "argon2$argon2id$v=19$m=1$x": "Django argon2", "$argon2id$v=19$m=1$x": "argon2id", "md5$salt$hash": "Django md5",
		"$2b$12$abc": "bcrypt", "$2y$12$abc": "bcrypt", "bcrypt$$2b$12$abc": "Django bcrypt", "$6$salt$hash": "sha512crypt",
		"canary-that-is-no-verifier-at-all-and-long": "of an unknown kind", "hash": "of an unknown kind",
	} {
		if got := Algorithm(encoded); got != want {
			t.Errorf("%.12s… is called %q, want %q", encoded, got, want)
		}
	}
}

// Each kind of note says something, of one and of many.
func TestNotesOfAKindAreOne(t *testing.T) {
	r := dump(t, "django.json")
	var kinds []Kind
	for _, n := range r.Notes {
		kinds = append(kinds, n.Of)
	}
	if len(kinds) == 0 || slices.ContainsFunc(kinds, func(k Kind) bool { return k.One == "" || k.Many == "" || k.One == k.Many }) {
		t.Errorf("kinds of notes: %+v", kinds)
	}
}
