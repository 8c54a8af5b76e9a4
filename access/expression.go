package access

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
	"google.golang.org/protobuf/types/known/structpb"
)

// The bounds of an expression. What a claim needs is a comparison or two over a
// person's groups; these leave room for some hundred of those.
const (
	maxExpression = 2 << 10 // bytes of text
	// maxCost bounds an evaluation, in CEL's units of work: some ms at worst.
	maxCost = 100_000
	// The sizes that the cost is estimated for when the expression is compiled.
	assumedLength = 256 // of a text, in bytes
	assumedList   = 512 // of a list, in elements
	// simpleCost is so little that it need not be counted while the expression runs,
	// where the person is of the sizes that it was estimated for.
	simpleCost = maxCost / 10
)

// ErrTooCostly says that an expression does more work than a claim may cost.
var ErrTooCostly = errors.New("the expression may do more work than a claim is allowed")

// Expression is a compiled CEL expression over the variable `user`. It reads
// what it is given and nothing else: the language has no I/O, no clock and no
// unbounded loop, and its cost is bounded when it is compiled and again while it
// runs (requirement AC3).
type Expression struct {
	program cel.Program
	// simple is the same without counting what it costs, which is most of the time of a
	// short one; nil where that has to be counted.
	simple cel.Program
	text   string
	// attributes says that it may read them.
	attributes bool
}

// environment is shared by all expressions; making one takes milliseconds.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(append(functions(),
		ext.NativeTypes(reflect.TypeFor[user](), ext.ParseStructTags(true)),
		readFields,
		ext.Sets(),
		cel.Variable("user", cel.ObjectType(userType)),
	)...)
})

// CompileExpression parses, type-checks and bounds an expression.
func CompileExpression(text string) (*Expression, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("the expression is longer than %d bytes", maxExpression)
	}
	env, err := environment()
	if err != nil {
		return nil, fmt.Errorf("prepare expressions: %w", err)
	}
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, fmt.Errorf("compile expression: %w", issues.Err())
	}
	if !mayBeClaim(ast.OutputType()) {
		return nil, fmt.Errorf("a claim cannot hold a %s", ast.OutputType())
	}
	estimate, err := env.EstimateCost(ast, sizes{})
	if err != nil {
		return nil, fmt.Errorf("estimate cost of expression: %w", err)
	}
	if estimate.Max > maxCost {
		return nil, fmt.Errorf("%w: up to %d of %d", ErrTooCostly, estimate.Max, maxCost)
	}
	program, err := env.Program(ast, cel.CostTracking(sizes{}), cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("compile expression: %w", err)
	}
	e := &Expression{program: program, text: text, attributes: readsAttributes(text)}
	if estimate.Max <= simpleCost && !e.attributes { // nothing is known of their sizes
		if e.simple, err = env.Program(ast, cel.EvalOptions(cel.OptOptimize)); err != nil {
			return nil, fmt.Errorf("compile expression: %w", err)
		}
	}
	return e, nil
}

// programFor is what evaluates the expression for a person.
func (e *Expression) programFor(s *Subject) cel.Program {
	if e.simple == nil || len(s.Groups) > assumedList || len(s.Roles) > assumedList {
		return e.program
	}
	for _, texts := range [][]string{{s.ID, s.Username, s.Email}, s.Groups, s.Roles} {
		for _, text := range texts {
			if len(text) > assumedLength {
				return e.program
			}
		}
	}
	return e.simple
}

// mayBeClaim reports whether JSON has values of a type. What is only known when the
// expression runs may be one.
func mayBeClaim(t *cel.Type) bool {
	switch t.Kind() {
	case cel.BoolKind, cel.IntKind, cel.UintKind, cel.DoubleKind, cel.StringKind, cel.ListKind, cel.MapKind, cel.DynKind, cel.AnyKind, cel.NullTypeKind,
		cel.TimestampKind, cel.DurationKind:
		return true
	default:
		return false
	}
}

// readsAttributes reports whether an expression names attributes, or the person as a
// whole: user is followed by nothing but the name of another field otherwise.
func readsAttributes(text string) bool {
	for rest := text; ; {
		i := strings.Index(rest, "user")
		if i < 0 {
			return strings.Contains(text, "attributes")
		}
		rest = rest[i+len("user"):]
		if !strings.HasPrefix(rest, ".") {
			return true
		}
	}
}

// String returns the expression as it was written.
func (e *Expression) String() string { return e.text }

// Evaluate returns the value as JSON has it: nil, bool, float64, string, []any
// or map[string]any. An expression fails on what it did not expect, such as an
// attribute that the person has not got.
func (e *Expression) Evaluate(s *Subject) (any, error) {
	var attributes map[string]*structpb.Value
	if e.attributes {
		var err error
		if attributes, err = valuesOf(s.Attributes); err != nil {
			return nil, fmt.Errorf("evaluate %q: %w", e.text, err)
		}
	}
	value, _, err := e.programFor(s).Eval(&user{
		ID: s.ID, Username: s.Username, Email: s.Email, EmailVerified: s.EmailVerified,
		Groups: s.Groups, Roles: s.Roles, Attributes: attributes,
	})
	if err != nil {
		return nil, fmt.Errorf("evaluate %q: %w", e.text, err)
	}
	switch v := value.(type) { // the usual, at less cost
	case types.Bool:
		return bool(v), nil
	case types.String:
		return string(v), nil
	}
	native, err := value.ConvertToNative(reflect.TypeFor[*structpb.Value]())
	if err != nil {
		return nil, fmt.Errorf("evaluate %q: a claim cannot hold a %s: %w", e.text, value.Type().TypeName(), err)
	}
	json, ok := native.(*structpb.Value)
	if !ok {
		return nil, fmt.Errorf("evaluate %q: a claim cannot hold a %s", e.text, value.Type().TypeName())
	}
	return json.AsInterface(), nil
}

// valuesOf has attributes as the language takes them: numbers are doubles.
func valuesOf(attributes map[string]any) (map[string]*structpb.Value, error) {
	values := make(map[string]*structpb.Value, len(attributes))
	for name, attribute := range attributes {
		if list, ok := attribute.([]string); ok {
			attribute = anyOf(list)
		}
		value, err := structpb.NewValue(attribute)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		values[name] = value
	}
	return values, nil
}

func anyOf(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}
