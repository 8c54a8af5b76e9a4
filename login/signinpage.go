package login

import (
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/login/ui"
)

// signInPage asks who is there: one page for all first factors.
type signInPage struct {
	*core
	methods []signin.Method
}

// open shows the page for an interaction. Without one it starts one that ends on the
// account's own page.
func (p *signInPage) open(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has(interaction.Param) {
		return p.step(p.show, flow.StepSignIn, flow.StepSignUp)(w, r)
	}
	in, err := p.startInteraction(w, r, Asked{ReturnTo: accountPath})
	if err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, &flowContext{interaction: in})
}

func (p *signInPage) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	data := ui.SignIn{Username: f.interaction.LoginHint()}
	if f.signedIn != nil && data.Username == "" && f.interaction.Another == nil && !f.interaction.HasPrompt(interaction.PromptSelectAccount) {
		data.Username = f.signedIn.User.Identifier() // who is to prove anew who they are
	}
	return p.render(w, r, f, data, signin.Problem{})
}

func (p *signInPage) render(w http.ResponseWriter, r *http.Request, f *flowContext, data ui.SignIn, problem signin.Problem) error {
	in := f.interaction
	data.Page, data.Cancel = p.page(w, r, in, "/login", "signin.title"), in.ForClient()
	if p.signUp {
		data.SignUp = in.Address("/signup")
	}
	for _, method := range p.methods {
		if err := method.Begin(r, signin.Attempt{Interaction: in, Client: f.client}, &data); err != nil {
			return err
		}
	}
	switch {
	case problem.Field != "":
		data.Fail(problem.Field, problem.Text)
		data.TraceTo(r)
	case problem.Text != "":
		data.Say(ui.NoticeFailure, problem.Text)
		data.TraceTo(r)
	case in.PasswordSet:
		data.Say(ui.NoticeDone, "message.reset_done.title")
	}
	return p.ui.Render(w, http.StatusOK, data)
}

// answers are where what people send goes, by their way to sign in.
func (p *signInPage) answers() []route {
	var routes []route
	for _, method := range p.methods {
		for _, pattern := range method.Routes() {
			routes = append(routes, route{pattern, p.answer(method)})
		}
	}
	return routes
}

// answer takes what somebody sent to one of the methods.
func (p *signInPage) answer(method signin.Method) web.HandlerFunc {
	return p.step(func(w http.ResponseWriter, r *http.Request, f *flowContext) error {
		if r.PostForm.Has("cancel") && f.interaction.ForClient() {
			return p.decline(w, r, f)
		}
		result, err := method.Complete(r, signin.Attempt{Interaction: f.interaction, Client: f.client})
		if err != nil {
			return err
		}
		remember := r.PostForm.Has("remember")
		switch {
		case result.Evidence != nil && result.Evidence.Level.ACR == "":
			return fmt.Errorf("%T: evidence that reaches no class", method)
		case result.Evidence != nil:
			return p.startSignIn(w, r, f, result.Evidence, remember)
		case result.Next != "":
			http.Redirect(w, r, result.Next, http.StatusSeeOther)
			return nil
		}
		return p.render(w, r, f, ui.SignIn{Username: result.Problem.Username, Remember: remember}, result.Problem)
	}, flow.StepSignIn, flow.StepSignUp)
}
