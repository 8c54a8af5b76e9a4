package config

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/access"
)

const accessYAML = `clients:
  - id: payroll
    type: public
    redirect_uris: [https://payroll.example/cb]
    scopes: [openid, email, groups, work, reports.read]
    id_token_claims: [groups, is_admin]
    access_token_claims: [department]
    groups: {prefix: pay-, strip: true, claim: roles, format: string}
    access:
      - {groups: [hr]}
      - {roles: [admin], networks: [10.0.0.0/8], acr: aal2}
      - {attributes: {Department: [law, people]}, email_domains: [example.com]}
      - {users: [eve@example.com], effect: deny}
  - id: closed
    type: public
    redirect_uris: [https://closed.example/cb]
    access: []
  - id: open
    type: public
    redirect_uris: [https://open.example/cb]
access: {default: nobody, contact: it@example.com}
scopes:
  - {name: work, claims: [department, is_admin]}
  - {name: reports.read, resource: https://api.example.com, description: {en: Read your reports, pt-BR: Ler seus relatorios}}
claims:
  - {name: department, attribute: Department}
  - {name: is_admin, expression: '"admins" in user.groups'}
resources:
  - {identifier: https://api.example.com, introspected_by: [open], access_token: {format: jwt, lifetime: 5m, signing_alg: ES256, claims: [groups, is_admin], encryption: none}}
attributes:
  - {name: Department}
`

func TestAC1_RulesSayWhereTheyWereWritten(t *testing.T) {
	clients := clientsOf(t, mustLoad(t, accessYAML, serveEnv()))
	want := []access.Rule{
		{Groups: []string{"hr"}, At: "latchkey.yaml line 10"},
		{Roles: []string{"admin"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, ACR: "aal2", At: "latchkey.yaml line 11"},
		{Attributes: map[string][]string{"Department": {"law", "people"}}, EmailDomains: []string{"example.com"}, At: "latchkey.yaml line 12"},
		{Users: []string{"eve@example.com"}, Effect: access.Deny, At: "latchkey.yaml line 13"},
	}
	if diff := cmp.Diff(want, clients[0].Access, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if clients[1].Access == nil || len(clients[1].Access) > 0 {
		t.Errorf("an empty list of rules became %#v: it is nobody", clients[1].Access)
	}
	if clients[2].Access != nil {
		t.Errorf("no rules became %#v", clients[2].Access)
	}
}

func TestAC3_TheCatalogIsWhatWasWritten(t *testing.T) {
	c := mustLoad(t, accessYAML, serveEnv())
	if len(c.Warnings) > 0 {
		t.Errorf("warnings: %v", c.Warnings)
	}
	if got := c.Catalog.Policy(nil); got.Default != access.Deny {
		t.Errorf("a client without rules is for %s", got.Default)
	}
	if c.Catalog.Contact() != "it@example.com" {
		t.Errorf("contact %q", c.Catalog.Contact())
	}
	scope := c.Catalog.Scope("reports.read")
	if scope == nil || scope.Resource != "https://api.example.com" || scope.Describe("pt-BR") != "Ler seus relatorios" || scope.Describe("xx") != "Read your reports" {
		t.Errorf("scope %+v", scope)
	}
	want := access.Resource{
		Identifier: "https://api.example.com", Format: "jwt", Lifetime: 5 * time.Minute, SigningAlg: "ES256", Claims: []string{"groups", "is_admin"}, IntrospectedBy: []string{"open"},
	}
	if got := c.Catalog.Resource("https://api.example.com"); got == nil || !cmp.Equal(want, *got) {
		t.Errorf("resource %+v", got)
	}
	if got, err := c.Catalog.Value("department", &access.Subject{Attributes: map[string]any{"Department": "law"}}); got != "law" || err != nil {
		t.Errorf("department: %v, %v", got, err)
	}
}

func TestAC1_RulesAndClaimsThatMeanNothingAreRefused(t *testing.T) {
	const redirect = "redirect_uris: [https://a.example/cb]"
	runValidatorCases(t, map[string]validatorCase{
		"unknown class":    {yaml: clientYAML("id: a", "type: public", redirect, "access:", "  - {groups: [hr], acr: gold}"), want: []string{`clients[0].access[0].acr (line 6): "gold" is not supported`}},
		"unknown effect":   {yaml: clientYAML("id: a", "type: public", redirect, "access:", "  - {groups: [hr], effect: permit}"), want: []string{`clients[0].access[0].effect (line 6)`}},
		"typo":             {yaml: clientYAML("id: a", "type: public", redirect, "access:", "  - {group: [hr]}"), want: []string{`clients[0].access[0].group (line 6): unknown key, did you mean groups?`}},
		"domain":           {yaml: clientYAML("id: a", "type: public", redirect, "access:", "  - {email_domains: ['@x.example']}"), want: []string{`clients[0].access[0].email_domains[0] (line 6): "@x.example" is not a domain`}},
		"never reached":    {yaml: clientYAML("id: a", "type: public", redirect, "access:", "  - {effect: deny}", "  - {groups: [hr]}"), want: []string{`clients[0].access[1] (line 7): access[0] matches everyone`}},
		"deny with a step": {yaml: clientYAML("id: a", "type: public", redirect, "access:", "  - {groups: [hr], acr: aal2, effect: deny}"), want: []string{`clients[0].access[0].acr (line 6): a rule that denies`}},
		"for a service":    {yaml: clientYAML("id: a", "type: service", "secret: env:STRONG", "access: [{groups: [hr]}]"), want: []string{`clients[0].access (line 5): it has no effect for a service client`}},
		"claim taken":      {yaml: clientYAML("id: a", "type: public", redirect, "groups: {claim: email}"), want: []string{`clients[0].groups.claim (line 5): "email" already has another meaning`}},
		"unknown claim":    {yaml: clientYAML("id: a", "type: public", redirect, "id_token_claims: [shoe_size]"), want: []string{`clients[0].id_token_claims[0] (line 5): "shoe_size": there is no such claim`}},
		"unknown resource": {yaml: clientYAML("id: a", "type: public", redirect, "resources: [https://api.example]"), want: []string{`clients[0].resources[0] (line 5)`}},
		"faulty CEL":       {yaml: "claims:\n  - {name: x, expression: 'user.shoe'}\nscopes: [{name: y, claims: [x]}]", want: []string{`claims[0].expression (line 2): compile expression`}},
		"slow CEL": {
			yaml: "claims:\n  - {name: x, expression: 'user.groups.all(a, user.groups.all(b, user.groups.all(c, a + b + c != \"\")))'}\nscopes: [{name: y, claims: [x]}]",
			want: []string{`claims[0].expression (line 2): the expression may do more work than a claim is allowed`},
		},
		"encrypted access tokens": {
			yaml: "resources: [{identifier: https://api.example, access_token: {encryption: A256GCM}}]", want: []string{`resources[0].access_token.encryption (line 1): "A256GCM" is not supported`},
		},
		"pairwise without a key": {yaml: clientYAML("id: a", "type: public", redirect, "subject_type: pairwise"), want: []string{"clients[0].subject_type (line 5): pairwise needs secrets.pairwise_key"}},
		"pairwise of two hosts": {
			yaml: clientYAML("id: a", "type: public", "redirect_uris: [https://a.example/cb, https://b.example/cb]", "subject_type: pairwise"), vars: withPairwiseKey(map[string]string{}),
			want: []string{"clients[0].subject_type (line 5): pairwise needs one host that all redirect URIs have, or sector_identifier_uri"},
		},
		"a short pairwise key": {vars: map[string]string{"LATCHKEY_SECRETS_PAIRWISE_KEY": "c2hvcnQ="}, want: []string{"secrets.pairwise_key (LATCHKEY_SECRETS_PAIRWISE_KEY): it must be at least 32 random bytes"}},
		"tokens that outlive their key": {
			yaml: "resources: [{identifier: https://api.example, access_token: {lifetime: 3h}}]\nsigning_keys: {keep_after: 2h}\n",
			want: []string{"signing_keys.keep_after (line 2): 2h is shorter than the longest token lives (3h)"},
		},
		"a contact that is none": {yaml: "access: {contact: 'javascript:alert(1)'}\n", want: []string{"access.contact (line 1): \"javascript:alert(1)\" is neither an email address"}},
		"a page as the contact":  {yaml: "access: {contact: https://help.example.com/access}\n"},
		"a sector of nobody":     {yaml: clientYAML("id: a", "type: public", redirect, "sector_identifier_uri: https://a.example/s"), want: []string{"clients[0].sector_identifier_uri (line 5): it has no effect without subject_type: pairwise"}},
		"scope of nobody":        {yaml: "scopes:\n  - {name: reports, resource: https://api.example}", want: []string{`scopes[0].resource (line 2): "https://api.example" is not among resources`}},
		"introspecting nobody":   {yaml: "resources:\n  - {identifier: https://api.example, introspected_by: [x]}", want: []string{`resources[0].introspected_by[0] (line 2): "x" is not a client`}},
		"given twice":            {yaml: "scopes:\n  - name: y\n    description: {en: A, en: B}", want: []string{`scopes[0].description.en (line 3): given twice`}},
	})
}
