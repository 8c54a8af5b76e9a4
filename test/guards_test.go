package test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// peopleStores are the repositories of people and of what is theirs, each with the
// methods that only look. Whatever else they have writes; a method that is new does,
// until it is named here.
var peopleStores = map[string][]string{
	"Users":          {"ByID", "ByIdentifier", "Holdings", "List", "SampleForeignHashes", "Search", "Taken"},
	"Invitations":    {"List", "Valid"},
	"Credentials":    {"ListByUser", "ByExternalID"},
	"RecoveryCodes":  {"Status"},
	"TrustedDevices": {"BySecret", "ListByUser"},
	"Lockouts":       {"ListByUser"},
	"Sessions":       {"BySecret", "Clients", "List", "ListByUser", "Page"},
	"Grants":         {"ByID", "ByCodeHash", "ListByUser", "ListByClient", "CountLiveByClient", "ApplicationsOf", "List"},
	"Consents":       {"Get", "ListByUser"},
	"Groups":         {"ByExternalID", "ByID", "ByName", "BySourceOf", "CountOfSource", "List", "OfSource", "Sizes"},
	"Memberships":    {"BySource", "Members", "Of"},
	"Provisions":     {"Count", "Find", "Known", "Page"},
}

// writersBeside are the writes that are no change of an account by somebody, and so
// are made elsewhere than in account: what signing in, showing a factor and the
// protocol write themselves.
var writersBeside = map[string][]string{
	"login":         {"Users.StartEnrollmentGrace"},
	"login/session": {"Sessions.Create", "Sessions.Touch"},
	"mfa":           {"Credentials.Use", "RecoveryCodes.Consume", "Lockouts.Attempt", "Lockouts.Succeeded", "TrustedDevices.Rotate"},
	"op":            {"Grants.Create", "Grants.Rotate", "Grants.Revoke", "Sessions.EndOf"},
}

// writersOfPeople says where code other than account's can write to the repositories
// of people: where it calls a method, or declares an interface that a repository
// fits, which is how the rooms that may not import sqlstore reach one. beside are the exceptions.
func writersOfPeople(m *typed, beside map[string][]string) []string {
	sql := m.packages[module+"/storage/sqlstore"]
	if sql == nil || sql.types == nil {
		return []string{"there is no storage/sqlstore"}
	}
	var found []string
	stores := map[string]*types.Pointer{}
	for name := range peopleStores {
		object := sql.types.Scope().Lookup(name)
		if object == nil {
			found = append(found, "storage/sqlstore has no "+name)
			continue
		}
		stores[name] = types.NewPointer(object.Type())
	}
	for _, p := range m.code() {
		if p.room == "account" || p.room == "storage/sqlstore" {
			continue
		}
		report := func(at token.Pos, how, store, method string) {
			if !slices.Contains(peopleStores[store], method) && !slices.Contains(beside[p.room], store+"."+method) {
				found = append(found, fmt.Sprintf("%s: %s %s %s.%s", m.where(at), p.room, how, store, method))
			}
		}
		for node, selection := range p.info.Selections {
			if store := storeOf(selection.Obj(), sql.types); stores[store] != nil {
				report(node.Pos(), "calls", store, selection.Obj().Name())
			}
		}
		for node, of := range p.info.Types {
			written, ok := node.(*ast.InterfaceType)
			if !ok {
				continue
			}
			is := of.Type.(*types.Interface)
			for name, store := range stores {
				if is.NumMethods() == 0 || !types.Implements(store, is) {
					continue
				}
				for method := range is.Methods() {
					report(written.Pos(), "asks for", name, method.Name())
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

// storeOf names the repository that a method is of; empty if it is none's.
func storeOf(object types.Object, sql *types.Package) string {
	method, ok := object.(*types.Func)
	if !ok || method.Pkg() != sql || !method.Exported() {
		return ""
	}
	of := method.Signature().Recv().Type()
	if pointer, ok := of.(*types.Pointer); ok {
		of = pointer.Elem()
	}
	if named, ok := of.(*types.Named); ok {
		return named.Obj().Name()
	}
	return ""
}

// composers are the rooms that may begin an event with storage.NewEvent. Those of
// people are begun by account.NewEvent, and by the rooms that account leans on or
// that know no person but a client: never by a page.
var composers = []string{"account", "mfa", "op", "keys", "cmd"}

// eventLiterals says where events are made other than by storage.NewEvent: by a
// literal that says something, by new, or by a variable that starts empty. An empty
// literal beside an error says nothing.
func eventLiterals(m *typed) []string {
	store := m.packages[module+"/storage"]
	if store == nil || store.types.Scope().Lookup("Event") == nil || store.types.Scope().Lookup("NewEvent") == nil {
		return []string{"there is no storage.Event, or no storage.NewEvent"}
	}
	event, begin := store.types.Scope().Lookup("Event"), store.types.Scope().Lookup("NewEvent")
	var found []string
	for _, p := range m.code() {
		for _, file := range p.files {
			if p.room == "account" || p.room == "storage/sqlstore" || strings.HasSuffix(m.set.Position(file.Pos()).Filename, "storage/newevent.go") {
				continue
			}
			report := func(at token.Pos, how string) { found = append(found, m.where(at)+": "+p.room+" "+how) }
			isEvent := func(e ast.Expr) bool {
				named, ok := types.Unalias(p.info.Types[e].Type).(*types.Named)
				return ok && named.Obj() == event
			}
			ast.Inspect(file, func(node ast.Node) bool {
				switch node := node.(type) {
				case *ast.CompositeLit:
					if len(node.Elts) > 0 && isEvent(node) {
						report(node.Pos(), "composes an event")
					}
				case *ast.ValueSpec:
					if node.Type != nil && len(node.Values) == 0 && isEvent(node.Type) {
						report(node.Pos(), "has an empty event to fill")
					}
				case *ast.CallExpr:
					if name, ok := node.Fun.(*ast.Ident); ok && name.Name == "new" && len(node.Args) == 1 && isEvent(node.Args[0]) {
						report(node.Pos(), "has an empty event to fill")
					}
				case *ast.Ident:
					if p.info.Uses[node] == begin && !slices.Contains(composers, p.room) {
						report(node.Pos(), "begins an event itself")
					}
				}
				return true
			})
		}
	}
	return found
}

// judgesHosts are the rooms with addresses of their own to judge: where the binary
// listens, where its database is, and what may be dialed for whomever.
var judgesHosts = []string{"client", "cmd", "storage/sqlstore", "internal/fetch"}

// loopbackNames are hosts that code which judges one by itself would compare with.
var loopbackNames = []string{`"127.0.0.1"`, `"::1"`, `"[::1]"`, `"localhost"`, `".localhost"`, `"127.0.0.0/8"`}

// judgesOfClients says where code other than client's has a rule of its own for what
// a client registers: a name of this machine or its numbers, a function that is named
// for it, or a list of registered addresses that is searched.
func judgesOfClients(m *typed) []string {
	if of := m.packages[module+"/client"]; of == nil || of.types.Scope().Lookup("IsLoopback") == nil {
		return []string{"there is no client.IsLoopback"}
	}
	var found []string
	for _, p := range m.code() {
		if slices.Contains(judgesHosts, p.room) {
			continue
		}
		report := func(at token.Pos, how string) { found = append(found, m.where(at)+": "+p.room+" "+how) }
		for _, file := range p.files {
			ast.Inspect(file, func(node ast.Node) bool {
				switch node := node.(type) {
				case *ast.BasicLit:
					if node.Kind == token.STRING && slices.Contains(loopbackNames, strings.ReplaceAll(node.Value, "`", `"`)) {
						report(node.Pos(), "knows "+node.Value)
					}
				case *ast.FuncDecl:
					if name := strings.ToLower(node.Name.Name); strings.Contains(name, "loopback") || validates(name) {
						report(node.Pos(), "declares "+node.Name.Name)
					}
				case *ast.CallExpr:
					if called, ok := node.Fun.(*ast.SelectorExpr); ok && called.Sel.Name == "IsLoopback" && len(node.Args) == 0 {
						report(node.Pos(), "judges an address")
					}
					if called, ok := node.Fun.(*ast.SelectorExpr); ok && isNamed(called.X, "slices") && slices.ContainsFunc(node.Args, isRegistered) {
						report(node.Pos(), "searches registered addresses")
					}
				case *ast.RangeStmt:
					if isRegistered(node.X) {
						report(node.Pos(), "walks registered addresses")
					}
				}
				return true
			})
		}
	}
	return found
}

// validates reports whether a function's name says that it judges a redirect URI.
func validates(name string) bool {
	return strings.Contains(name, "redirecturi") && slices.ContainsFunc([]string{"valid", "match", "check", "allow", "register"}, func(verb string) bool {
		return strings.Contains(name, verb)
	})
}

func isNamed(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}

// isRegistered reports whether an expression is a list of addresses that a client registered.
func isRegistered(e ast.Expr) bool {
	field, ok := e.(*ast.SelectorExpr)
	return ok && (field.Sel.Name == "RedirectURIs" || field.Sel.Name == "PostLogoutRedirectURIs")
}

// verdictsOnUnknownKeys says where code asks whether a keyed hash is right in a way that
// has no answer for one under a hash key that is not known here: keys.Hasher.Judge has
// (requirement KY5). Only the record of events asks so, and for the key before.
func verdictsOnUnknownKeys(m *typed) []string {
	of := m.packages[module+"/keys"]
	if of == nil || of.types.Scope().Lookup("Hasher") == nil {
		return []string{"there is no keys.Hasher"}
	}
	var found []string
	for _, p := range m.code() {
		if p.room == "keys" {
			continue
		}
		for node, selection := range p.info.Selections {
			method := selection.Obj()
			if method.Pkg() == of.types && method.Name() == "Verify" && storeOf(method, of.types) == "Hasher" {
				found = append(found, m.where(node.Pos())+": "+p.room+" calls Hasher.Verify")
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestGuardsHold(t *testing.T) {
	t.Parallel()
	m := typesOfModule(t)
	for _, broken := range slices.Concat(writersOfPeople(m, writersBeside), eventLiterals(m), judgesOfClients(m), verdictsOnUnknownKeys(m)) {
		t.Error(broken)
	}
	all := strings.Join(writersOfPeople(m, nil), "\n") + "\n"
	for room, methods := range writersBeside {
		for _, method := range methods {
			if !strings.Contains(all, ": "+room+" asks for "+method+"\n") {
				t.Errorf("%s does not ask for %s: either the exception is stale, or the guard is blind", room, method)
			}
		}
	}
}
