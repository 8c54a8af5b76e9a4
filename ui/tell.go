package ui

import "github.com/latchkey-id/latchkey/ui/flash"

// Tell has the page say what waited for it.
func (p *Page) Tell(m flash.Message) {
	for _, problem := range m.Problems {
		p.Fail(problem.Field, problem.Text, problem.Args...)
	}
	switch {
	case m.Failure != "":
		p.Say(NoticeFailure, m.Failure)
	case m.Limited > 0:
		p.Say(NoticeWarning, "factor.limited", "Wait", p.Duration(m.Limited))
	case m.Done != "":
		p.Say(NoticeDone, m.Done)
	}
	if m.Trace != "" {
		p.Trace = m.Trace
	}
}
