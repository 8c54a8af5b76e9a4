package site;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.util.matcher.AntPathRequestMatcher;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A site that signs people in, and beside it an API that takes access tokens. */
@SpringBootApplication
@RestController
public class Site {
    public static void main(String[] arguments) {
        SpringApplication.run(Site.class, arguments);
    }

    @Bean
    @Order(1)
    SecurityFilterChain api(HttpSecurity http) throws Exception {
        return http.securityMatcher("/api/**")
                .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
                .build();
    }

    @Bean
    SecurityFilterChain pages(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
        var request = new DefaultOAuth2AuthorizationRequestResolver(clients, "/oauth2/authorization");
        request.setAuthorizationRequestCustomizer(OAuth2AuthorizationRequestCustomizers.withPkce());
        var signOut = new OidcClientInitiatedLogoutSuccessHandler(clients);
        signOut.setPostLogoutRedirectUri("{baseUrl}/");
        return http.authorizeHttpRequests(requests -> requests.requestMatchers("/").permitAll().anyRequest().authenticated())
                .oauth2Login(login -> login.authorizationEndpoint(endpoint -> endpoint.authorizationRequestResolver(request)))
                .logout(logout -> logout.logoutRequestMatcher(new AntPathRequestMatcher("/leave")).logoutSuccessHandler(signOut))
                .build();
    }

    @GetMapping("/")
    String home() {
        return "nobody is signed in";
    }

    @GetMapping("/me")
    String me(@AuthenticationPrincipal OidcUser person) {
        return "signed in: %s <%s> %s".formatted(person.getFullName(), person.getEmail(), person.getSubject());
    }

    /** Only for the test, which calls the API with it. */
    @GetMapping("/token")
    String token(@RegisteredOAuth2AuthorizedClient("latchkey") OAuth2AuthorizedClient client) {
        return client.getAccessToken().getTokenValue();
    }

    /** Only for the test, which shows that the API does not take it. */
    @GetMapping("/id-token")
    String idToken(@AuthenticationPrincipal OidcUser person) {
        return person.getIdToken().getTokenValue();
    }

    @GetMapping("/api/me")
    String api(@AuthenticationPrincipal Jwt token) {
        return token.getSubject();
    }
}
