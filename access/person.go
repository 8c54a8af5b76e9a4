package access

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"google.golang.org/protobuf/types/known/structpb"
)

// user is the variable of expressions. Its fields are those of [Subject].
type user struct {
	ID            string                     `cel:"id"`
	Username      string                     `cel:"username"`
	Email         string                     `cel:"email"`
	EmailVerified bool                       `cel:"email_verified"`
	Groups        []string                   `cel:"groups"`
	Roles         []string                   `cel:"roles"`
	Attributes    map[string]*structpb.Value `cel:"attributes"`
}

// userType is the name of its type.
const userType = "access.user"

// ResolveName implements cel.Activation: the person is all that an expression knows.
func (u *user) ResolveName(name string) (any, bool) { return u, name == "user" }

// Parent implements cel.Activation.
func (*user) Parent() cel.Activation { return nil }

// fields read the person's fields as values of the language. Without them each reading
// goes through reflection, and each element of a list is two allocations: most of what a
// short expression costs.
var fields = map[string]func(*user) ref.Val{
	"id":             func(u *user) ref.Val { return types.String(u.ID) },
	"username":       func(u *user) ref.Val { return types.String(u.Username) },
	"email":          func(u *user) ref.Val { return types.String(u.Email) },
	"email_verified": func(u *user) ref.Val { return types.Bool(u.EmailVerified) },
	"groups":         func(u *user) ref.Val { return newTextList(u.Groups) },
	"roles":          func(u *user) ref.Val { return newTextList(u.Roles) },
}

// readFields has an environment that knows the type read its fields so.
func readFields(env *cel.Env) (*cel.Env, error) {
	return cel.CustomTypeProvider(fieldProvider{env.CELTypeProvider()})(env)
}

// fieldProvider is the types of an environment with [fields].
type fieldProvider struct{ types.Provider }

// FindStructFieldType implements types.Provider.
func (p fieldProvider) FindStructFieldType(structType, name string) (*types.FieldType, bool) {
	found, ok := p.Provider.FindStructFieldType(structType, name)
	read := fields[name]
	if !ok || structType != userType || read == nil {
		return found, ok
	}
	direct := *found
	direct.GetFrom = func(target any) (any, error) {
		if u, is := target.(*user); is {
			return read(u), nil
		}
		return found.GetFrom(target)
	}
	return &direct, true
}

// textList is a list of texts that is searched as it is, and anything else of a list.
type textList struct {
	traits.Lister
	texts []string
}

func newTextList(texts []string) *textList {
	return &textList{types.NewStringList(types.DefaultTypeAdapter, texts), texts}
}

// Contains implements traits.Container, which the operator "in" calls.
func (l *textList) Contains(element ref.Val) ref.Val {
	if text, is := element.(types.String); is {
		return types.Bool(slices.Contains(l.texts, string(text)))
	}
	return l.Lister.Contains(element)
}
