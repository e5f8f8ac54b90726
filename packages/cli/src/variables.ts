/** Variables that `halligan` reads; nothing else of the environment is used. */
export interface Variables {
  HALLIGAN_CONFIG?: string | undefined;
  HALLIGAN_PROFILE?: string | undefined;
  HALLIGAN_URL?: string | undefined;
  HALLIGAN_CLIENT_ID?: string | undefined;
  HALLIGAN_CLIENT_SECRET?: string | undefined;
  HALLIGAN_CLIENT_SECRET_FILE?: string | undefined;
  XDG_CONFIG_HOME?: string | undefined;
  HTTPS_PROXY?: string | undefined;
  https_proxy?: string | undefined;
  HTTP_PROXY?: string | undefined;
  http_proxy?: string | undefined;
  ALL_PROXY?: string | undefined;
  all_proxy?: string | undefined;
  NO_PROXY?: string | undefined;
  no_proxy?: string | undefined;
  NODE_TLS_REJECT_UNAUTHORIZED?: string | undefined;
  SSL_CERT_FILE?: string | undefined;
  SSL_CERT_DIR?: string | undefined;
}
