package access

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// maxText bounds what a function makes, in bytes. The language's own extension for
// texts is not used: its replace and format make texts of any size at the cost of one
// call (memory exhaustion).
const maxText = 16 << 10

// functions are what expressions have besides the language itself, under the names of
// CEL's extension for texts. What each makes is no larger than maxText.
func functions() []cel.EnvOption {
	text, list := cel.StringType, cel.ListType(cel.StringType)
	return []cel.EnvOption{
		of("lowerAscii", text, func(s string) ref.Val { return bounded(strings.ToLower(s)) }),
		of("upperAscii", text, func(s string) ref.Val { return bounded(strings.ToUpper(s)) }),
		of("trim", text, func(s string) ref.Val { return bounded(strings.TrimSpace(s)) }),
		cel.Function("split", cel.MemberOverload("string_split_string", []*cel.Type{text, text}, list,
			cel.BinaryBinding(func(s, by ref.Val) ref.Val { return split(textOf(s), textOf(by)) }))),
		cel.Function("join", cel.MemberOverload("list_join_string", []*cel.Type{list, text}, text,
			cel.BinaryBinding(func(l, by ref.Val) ref.Val { return join(l.(traits.Lister), textOf(by)) }))),
		cel.Function("replace", cel.MemberOverload("string_replace_string_string", []*cel.Type{text, text, text}, text,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val { return replace(textOf(args[0]), textOf(args[1]), textOf(args[2])) }))),
	}
}

func of(name string, t *cel.Type, do func(string) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("string_"+name, []*cel.Type{t}, t,
		cel.UnaryBinding(func(s ref.Val) ref.Val { return do(textOf(s)) })))
}

func textOf(v ref.Val) string {
	s, _ := v.(types.String) // the language has checked the type
	return string(s)
}

func bounded(s string) ref.Val {
	if len(s) > maxText {
		return tooLong()
	}
	return types.String(s)
}

func tooLong() ref.Val { return types.NewErr("a text would be longer than %d bytes", maxText) }

func split(s, by string) ref.Val {
	if len(s) > maxText || strings.Count(s, by) > assumedList {
		return types.NewErr("a list would be longer than %d", assumedList)
	}
	return types.DefaultTypeAdapter.NativeToValue(strings.Split(s, by))
}

func join(list traits.Lister, by string) ref.Val {
	var b strings.Builder
	for it, first := list.Iterator(), true; it.HasNext() == types.True; first = false {
		if !first {
			b.WriteString(by)
		}
		element, ok := it.Next().(types.String)
		if !ok {
			return types.NewErr("join takes texts")
		}
		b.WriteString(string(element))
		if b.Len() > maxText {
			return tooLong()
		}
	}
	return types.String(b.String())
}

func replace(s, old, by string) ref.Val {
	if len(s)+strings.Count(s, old)*(len(by)-len(old)) > maxText {
		return tooLong()
	}
	return types.String(strings.ReplaceAll(s, old, by))
}

// sizes tells the estimate how large people's data may be, and both the estimate and
// the count at run time what the functions cost: they go through their texts once.
type sizes struct{}

// unit is how many bytes count as one unit of work, as the language counts its own.
const unit = 10

// overloads are the functions, with the most that each makes of a text or list and of
// arguments of those sizes.
var overloads = map[string]func(target uint64, args []checker.SizeEstimate) uint64{
	"string_lowerAscii":   func(s uint64, _ []checker.SizeEstimate) uint64 { return s },
	"string_upperAscii":   func(s uint64, _ []checker.SizeEstimate) uint64 { return s },
	"string_trim":         func(s uint64, _ []checker.SizeEstimate) uint64 { return s },
	"string_split_string": func(uint64, []checker.SizeEstimate) uint64 { return assumedList },
	"list_join_string":    func(uint64, []checker.SizeEstimate) uint64 { return maxText },
	"string_replace_string_string": func(s uint64, args []checker.SizeEstimate) uint64 {
		old, by := args[0], args[1]
		return max(s, s/max(1, old.Min)*by.Max)
	},
}

// EstimateSize implements checker.CostEstimator.
func (sizes) EstimateSize(element checker.AstNode) *checker.SizeEstimate {
	if element.Type().Kind() == cel.StringKind {
		return &checker.SizeEstimate{Max: assumedLength}
	}
	return &checker.SizeEstimate{Max: assumedList}
}

// EstimateCallCost implements checker.CostEstimator.
func (sizes) EstimateCallCost(_, overload string, target *checker.AstNode, args []checker.AstNode) *checker.CallEstimate {
	makes := overloads[overload]
	if makes == nil || target == nil {
		return nil
	}
	given := make([]checker.SizeEstimate, len(args))
	for i, arg := range args {
		given[i] = sizeOf(arg)
	}
	from := sizeOf(*target).Max
	made := min(makes(from, given), maxText)
	return &checker.CallEstimate{
		CostEstimate: checker.CostEstimate{Min: 1, Max: 1 + max(from, made)/unit},
		ResultSize:   &checker.SizeEstimate{Max: made},
	}
}

func sizeOf(node checker.AstNode) checker.SizeEstimate {
	if known := node.ComputedSize(); known != nil {
		return checker.SizeEstimate{Min: known.Min, Max: min(known.Max, maxText)}
	}
	return *sizes{}.EstimateSize(node)
}

// CallCost implements interpreter.ActualCostEstimator.
func (sizes) CallCost(_, overload string, _ []ref.Val, result ref.Val) *uint64 {
	if overloads[overload] == nil {
		return nil
	}
	cost := uint64(1)
	if made, ok := result.(traits.Sizer); ok {
		if n, ok := made.Size().(types.Int); ok && n > 0 {
			cost += uint64(n) / unit
		}
	}
	return &cost
}
