"""One provider for each way to a token, all of them at one server."""

DEFINITIONS = """
consenting:
  display_name: Consenting
  auth_mode: OAUTH2
  docs: https://consenting.example
  authorization_url: URL/authorize
  token_url: URL/token
  default_scopes: [read]
  proxy: {base_url: URL}
machine:
  display_name: Machine
  auth_mode: OAUTH2_CC
  docs: https://machine.example
  token_url: URL/token
  token_params: {grant_type: client_credentials}
  token_request_auth_method: basic
  proxy: {base_url: URL}
  credentials:
    client_id: {type: string, title: Client ID}
    client_secret: {type: string, title: Client Secret, secret: true}
salesforce-cc:
  display_name: Introspected
  auth_mode: OAUTH2_CC
  docs: https://introspected.example
  token_url: URL/token
  token_params: {grant_type: client_credentials}
  token_request_auth_method: basic
  proxy: {base_url: URL}
  connection_config:
    instance_url: {type: string, title: Instance, default_value: URL}
  credentials:
    client_id: {type: string, title: Client ID}
    client_secret: {type: string, title: Client Secret, secret: true}
stepping:
  display_name: Stepping
  auth_mode: TWO_STEP
  docs: https://stepping.example
  token_url: URL/session
  token_params: {user: "${credentials.username}", password: "${credentials.password}"}
  token_headers: {content-type: application/json}
  token_response:
    token: session.id
    token_expiration: session.seconds
    token_expiration_strategy: expireIn
  proxy: {base_url: URL}
  credentials:
    username: {type: string, title: User}
    password: {type: string, title: Password, secret: true}
signing:
  display_name: Signing
  auth_mode: JWT
  docs: https://signing.example
  signature: {protocol: HMAC}
  token:
    signing_key: "${credentials.key}"
    expires_in_ms: 1800000
    header: {alg: HS256}
    payload: {aud: api, iss: "${credentials.issuer}"}
  proxy: {base_url: URL}
  credentials:
    issuer: {type: string, title: Issuer}
    key: {type: string, title: Key, secret: true}
three-legged:
  display_name: Three-Legged
  auth_mode: OAUTH1
  docs: https://three-legged.example
  request_url: URL/oauth1/request
  authorization_url: URL/oauth1/consent
  token_url: URL/oauth1/access
  signature_method: HMAC-SHA1
  proxy: {base_url: URL}
"""


def definitions(url: str) -> str:
    """The definitions, with the server's address."""
    return DEFINITIONS.replace("URL", url)
