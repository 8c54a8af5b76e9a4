package access

import (
	"fmt"
	"testing"
)

// BenchmarkDecisionOver500Groups is the worst that a person's groups can do to a
// decision: the last of ten rules fits, by the last group.
func BenchmarkDecisionOver500Groups(b *testing.B) {
	s := &Subject{ID: "1"}
	for i := range 500 {
		s.Groups = append(s.Groups, fmt.Sprintf("group-%d", i))
	}
	policy := Policy{}
	for i := range 9 {
		policy.Rules = append(policy.Rules, Rule{Groups: []string{fmt.Sprintf("other-%d", i)}})
	}
	policy.Rules = append(policy.Rules, Rule{Groups: []string{"group-499"}})
	for b.Loop() {
		if policy.Decide(s, Request{}, reaches).Outcome != Allowed {
			b.Fatal("refused")
		}
	}
}

func BenchmarkExpressionOver500Groups(b *testing.B) {
	s := &Subject{ID: "1"}
	for i := range 500 {
		s.Groups = append(s.Groups, fmt.Sprintf("group-%d", i))
	}
	expression, err := CompileExpression(`"group-499" in user.groups`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if is, err := expression.Evaluate(s); err != nil || is != true {
			b.Fatal(is, err)
		}
	}
}

// BenchmarkExpression is what a token pays that holds one.
func BenchmarkExpression(b *testing.B) {
	expression, err := CompileExpression(`"admins" in user.groups`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if is, err := expression.Evaluate(&somebody); err != nil || is != true {
			b.Fatal(is, err)
		}
	}
}
