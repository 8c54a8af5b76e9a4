package login

import (
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
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
	in := f.interaction
	said, err := p.flash.Read(r)
	if err != nil {
		return err
	}
	data := ui.SignIn{
		Page: p.page(w, r, in, "/login", "signin.title"), Cancel: in.ForClient(),
		Username: p.username(f), Remember: said.Typed.Get(rememberField) != "" || f.signedIn != nil && f.signedIn.Session.Remembered,
	}
	if idle, ok := p.sessions.Remembers(); ok {
		data.RememberDays = int(idle / (24 * time.Hour))
	} else {
		data.HideRemember = true
	}
	if said.Typed.Has(usernameField) {
		data.Username = said.Typed.Get(usernameField)
	}
	if p.signUp {
		data.SignUp = in.Address("/signup")
	}
	for _, method := range p.methods {
		if err := method.Begin(r, signin.Attempt{Interaction: in, Client: f.client}, &data); err != nil {
			return err
		}
	}
	if in.PasswordSet {
		data.Say(ui.NoticeDone, "message.reset_done.title")
	}
	if Say(&data.Page, said); data.Failed() {
		data.Notice = nil
	}
	return p.ui.Render(w, http.StatusOK, data)
}

// signInPath is where the page is. What is sent from it goes there or below.
const signInPath = "/login"

// switchPath is where "Not you?" leads, from every step after the first.
const switchPath = signInPath + "/another"

// another has somebody else sign in than the flow is about.
func (p *signInPage) another(w http.ResponseWriter, r *http.Request) error {
	f, err := p.loadFlow(w, r)
	if err != nil {
		return err
	}
	return p.switchAccount(w, r, f)
}

// The fields of the page that are shown again after an attempt that failed.
const (
	usernameField = "username"
	rememberField = "remember"
)

// username is whom the page expects: the client's hint, or who is to prove anew who
// they are.
func (p *signInPage) username(f *flowContext) string {
	if hint := f.interaction.LoginHint(); hint != "" {
		return hint
	}
	if f.signedIn == nil || f.interaction.Another != nil || f.interaction.HasPrompt(interaction.PromptSelectAccount) {
		return ""
	}
	return f.signedIn.User.Identifier()
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
		remember := r.PostForm.Has(rememberField)
		switch {
		case result.Evidence != nil && result.Evidence.Level.ACR == "":
			return fmt.Errorf("%T: evidence that reaches no class", method)
		case result.Evidence != nil:
			return p.startSignIn(w, r, f, result.Evidence, remember)
		case result.Next != "":
			http.Redirect(w, r, result.Next, http.StatusSeeOther)
			return nil
		}
		said := flash.Message{}
		if result.Problem.Field == "" {
			said.Failure = result.Problem.Text
		} else {
			said.Problems = []Problem{{Field: result.Problem.Field, Text: result.Problem.Text}}
		}
		return p.refuse(w, r, f.interaction.Address("/login"), said)
	}, flow.StepSignIn, flow.StepSignUp)
}
