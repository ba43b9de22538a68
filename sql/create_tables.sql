-- The whole schema of BlogForge, in reading order: people, words they write, the registry, runs.
--
-- Creates only, never drops or alters: running it on a database with data loses nothing.
-- Every constraint is named <table>_<what>_{key,fkey,check,idx}; services translate violations by name.
-- Needs PostgreSQL 15 or later (UNIQUE NULLS NOT DISTINCT). The job queue's own tables are Procrastinate's.

-- ---------------------------------------------------------------------------------------------
-- Housekeeping
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS schema_change (
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_change_pkey PRIMARY KEY (name)
);
COMMENT ON TABLE schema_change IS
    'What has been applied to this database: the starter rows, each script of sql/changes, each version of this file.';

CREATE TABLE IF NOT EXISTS sealing_secret (
    fingerprint   bytea       NOT NULL,
    first_used_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sealing_secret_pkey PRIMARY KEY (fingerprint)
);
COMMENT ON TABLE sealing_secret IS
    'Which secrets keys here may be sealed with: a start without one of them is refused. A secret itself is in no table.';
COMMENT ON COLUMN sealing_secret.fingerprint IS 'HMAC-SHA-256 of fixed words by the secret.';

-- ---------------------------------------------------------------------------------------------
-- People: users, roles, sessions, tokens
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS app_user (
    id                 bigint      GENERATED ALWAYS AS IDENTITY,
    email              text        NOT NULL,
    name               text        NOT NULL,
    password_hash      text        NOT NULL,
    theme              text,
    email_confirmed_at timestamptz,
    deactivated_at     timestamptz,
    created_at         timestamptz NOT NULL DEFAULT now(),
    user_handle        uuid        NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT app_user_pkey PRIMARY KEY (id),
    CONSTRAINT app_user_user_handle_key UNIQUE (user_handle),
    CONSTRAINT app_user_email_check CHECK (email LIKE '%_@_%' AND email = lower(email)),
    CONSTRAINT app_user_name_check CHECK (name <> ''),
    CONSTRAINT app_user_theme_check CHECK (theme IN ('graphite', 'quartz', 'solarized', 'terminal'))
);
CREATE UNIQUE INDEX IF NOT EXISTS app_user_email_key ON app_user (email);
COMMENT ON TABLE app_user IS 'A person who signs in. Never deleted: revisions and runs name them for ever.';
COMMENT ON COLUMN app_user.password_hash IS 'Argon2id, in the encoded form of its library.';
COMMENT ON COLUMN app_user.theme IS 'NULL: follows the system.';
COMMENT ON COLUMN app_user.email_confirmed_at IS 'When a link sent to the address was opened. NULL: never; the address is only said to be theirs.';
COMMENT ON COLUMN app_user.deactivated_at IS 'NULL: may sign in.';
COMMENT ON COLUMN app_user.user_handle IS 'Whom a passkey says it belongs to: random, so that it tells nothing.';

CREATE TABLE IF NOT EXISTS role (
    id                  bigint  GENERATED ALWAYS AS IDENTITY,
    name                text    NOT NULL,
    label               text    NOT NULL,
    description         text    NOT NULL DEFAULT '',
    is_fixed            boolean NOT NULL DEFAULT false,
    needs_second_factor boolean NOT NULL DEFAULT false,
    CONSTRAINT role_pkey PRIMARY KEY (id),
    CONSTRAINT role_name_key UNIQUE (name),
    CONSTRAINT role_label_check CHECK (label <> '')
);
COMMENT ON TABLE role IS 'A named set of permissions. Code asks for permissions, never for a role.';
COMMENT ON COLUMN role.needs_second_factor IS 'Whoever has it sees nothing until they set up a second factor.';
COMMENT ON COLUMN role.is_fixed IS 'Can neither be deleted nor be given fewer permissions: whoever administers the rest has it.';

CREATE TABLE IF NOT EXISTS role_permission (
    role_id    bigint NOT NULL,
    permission text   NOT NULL,
    CONSTRAINT role_permission_pkey PRIMARY KEY (role_id, permission),
    CONSTRAINT role_permission_role_fkey FOREIGN KEY (role_id) REFERENCES role (id) ON DELETE CASCADE
);
COMMENT ON TABLE role_permission IS 'What a role may do. Permissions are declared in code next to the feature; a name without a row is denied.';

CREATE TABLE IF NOT EXISTS user_role (
    app_user_id bigint NOT NULL,
    role_id     bigint NOT NULL,
    CONSTRAINT user_role_pkey PRIMARY KEY (app_user_id, role_id),
    CONSTRAINT user_role_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT user_role_role_fkey FOREIGN KEY (role_id) REFERENCES role (id)
);
COMMENT ON TABLE user_role IS 'Which roles a person has. None: may sign in and see nothing.';

CREATE TABLE IF NOT EXISTS user_session (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    app_user_id  bigint      NOT NULL,
    token_hash   bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    as_user_id   bigint,
    as_role_id   bigint,
    CONSTRAINT user_session_pkey PRIMARY KEY (id),
    CONSTRAINT user_session_token_hash_key UNIQUE (token_hash),
    CONSTRAINT user_session_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT user_session_as_user_fkey FOREIGN KEY (as_user_id) REFERENCES app_user (id),
    CONSTRAINT user_session_as_role_fkey FOREIGN KEY (as_role_id) REFERENCES role (id),
    CONSTRAINT user_session_as_check CHECK (num_nonnulls(as_user_id, as_role_id) <= 1)
);
CREATE INDEX IF NOT EXISTS user_session_app_user_idx ON user_session (app_user_id);
COMMENT ON TABLE user_session IS 'A signed-in browser. The cookie holds the token, this row only its SHA-256.';
COMMENT ON COLUMN user_session.last_seen_at IS 'When somebody last did something in it, to the minute.';
COMMENT ON COLUMN user_session.expires_at IS 'Its end at the latest, however much it is used.';
COMMENT ON COLUMN user_session.as_user_id IS 'Whose eyes an administrator looks through, changing nothing. NULL: their own, or a role''s.';
COMMENT ON COLUMN user_session.as_role_id IS 'The role an administrator looks as. NULL: none.';

CREATE TABLE IF NOT EXISTS second_factor (
    app_user_id   bigint      NOT NULL,
    sealed_secret bytea       NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    confirmed_at  timestamptz,
    last_step     bigint      NOT NULL DEFAULT 0,
    CONSTRAINT second_factor_pkey PRIMARY KEY (app_user_id),
    CONSTRAINT second_factor_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
COMMENT ON TABLE second_factor IS 'What a person''s authenticator app counts with (RFC 6238), sealed with the installation''s secret.';
COMMENT ON COLUMN second_factor.confirmed_at IS 'NULL: shown, but no code of it was entered yet; sign-in does not ask for one.';
COMMENT ON COLUMN second_factor.last_step IS 'The 30 seconds that the newest accepted code belongs to: none of it or before is accepted again.';

CREATE TABLE IF NOT EXISTS recovery_code (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    app_user_id bigint      NOT NULL,
    code_hash   bytea       NOT NULL,
    used_at     timestamptz,
    CONSTRAINT recovery_code_pkey PRIMARY KEY (id),
    CONSTRAINT recovery_code_code_hash_key UNIQUE (code_hash),
    CONSTRAINT recovery_code_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS recovery_code_app_user_idx ON recovery_code (app_user_id);
COMMENT ON TABLE recovery_code IS 'What signs a person in once when their authenticator is gone. Shown once; only its SHA-256 is kept.';
COMMENT ON COLUMN recovery_code.used_at IS 'NULL: not used.';

CREATE TABLE IF NOT EXISTS sign_in_step (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    app_user_id bigint      NOT NULL,
    token_hash  bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    CONSTRAINT sign_in_step_pkey PRIMARY KEY (id),
    CONSTRAINT sign_in_step_token_hash_key UNIQUE (token_hash),
    CONSTRAINT sign_in_step_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS sign_in_step_app_user_idx ON sign_in_step (app_user_id);
COMMENT ON TABLE sign_in_step IS 'A browser whose password was right and whose code is still to come. It may see nothing.';

CREATE TABLE IF NOT EXISTS passkey (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    app_user_id  bigint      NOT NULL,
    name         text        NOT NULL,
    host         text        NOT NULL,
    handle       bytea       NOT NULL,
    public_key   bytea       NOT NULL,
    sign_count   bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    CONSTRAINT passkey_pkey PRIMARY KEY (id),
    CONSTRAINT passkey_handle_key UNIQUE (handle),
    CONSTRAINT passkey_name_check CHECK (name <> ''),
    CONSTRAINT passkey_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS passkey_app_user_idx ON passkey (app_user_id);
COMMENT ON TABLE passkey IS 'What a person signs in with instead of a password, or after it (WebAuthn). Its private half never leaves their device.';
COMMENT ON COLUMN passkey.name IS 'What its person calls it.';
COMMENT ON COLUMN passkey.host IS 'The host it was made for; it works at no other.';
COMMENT ON COLUMN passkey.handle IS 'By which their device finds it: the credential id of WebAuthn.';
COMMENT ON COLUMN passkey.public_key IS 'What its signatures are checked with, as COSE.';
COMMENT ON COLUMN passkey.sign_count IS 'How often it signed, as it said last. 0: it does not count. One that goes back was copied.';
COMMENT ON COLUMN passkey.last_used_at IS 'NULL: never.';

CREATE TABLE IF NOT EXISTS passkey_challenge (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    challenge    bytea       NOT NULL,
    purpose      text        NOT NULL,
    browser_hash bytea       NOT NULL,
    app_user_id  bigint,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT passkey_challenge_pkey PRIMARY KEY (id),
    CONSTRAINT passkey_challenge_challenge_key UNIQUE (challenge),
    CONSTRAINT passkey_challenge_purpose_check CHECK (purpose IN ('add', 'second_factor', 'sign_in')),
    CONSTRAINT passkey_challenge_person_check CHECK ((purpose = 'sign_in') = (app_user_id IS NULL)),
    CONSTRAINT passkey_challenge_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS passkey_challenge_expires_at_idx ON passkey_challenge (expires_at);
COMMENT ON TABLE passkey_challenge IS 'What a browser was asked to sign with a passkey; its answer is taken once, within minutes.';
COMMENT ON COLUMN passkey_challenge.browser_hash IS 'SHA-256 of the cookie of the browser that was asked.';
COMMENT ON COLUMN passkey_challenge.app_user_id IS 'Whose passkey it must be. NULL: whoever signs in says it by the passkey.';

CREATE TABLE IF NOT EXISTS oidc_provider (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    label           text        NOT NULL,
    issuer          text        NOT NULL,
    client_id       text        NOT NULL,
    sealed_secret   bytea       NOT NULL,
    allowed_domains text[]      NOT NULL DEFAULT '{}',
    role_claim      text,
    role_by_value   jsonb       NOT NULL DEFAULT '{}',
    is_enabled      boolean     NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT oidc_provider_pkey PRIMARY KEY (id),
    CONSTRAINT oidc_provider_issuer_key UNIQUE (issuer),
    CONSTRAINT oidc_provider_label_check CHECK (label <> ''),
    CONSTRAINT oidc_provider_issuer_check CHECK (issuer ~ '^https?://')
);
COMMENT ON TABLE oidc_provider IS 'A service that says who somebody is, by OpenID Connect: any issuer, found by discovery.';
COMMENT ON COLUMN oidc_provider.sealed_secret IS 'The client secret, sealed with the installation''s.';
COMMENT ON COLUMN oidc_provider.allowed_domains IS 'Whose verified addresses may join by it. Empty: nobody new; people connect accounts they have.';
COMMENT ON COLUMN oidc_provider.role_claim IS 'The claim that says which roles somebody has. NULL: none does.';
COMMENT ON COLUMN oidc_provider.role_by_value IS 'Value of that claim to the name of a role; these roles follow the claim at each sign-in.';

CREATE TABLE IF NOT EXISTS oidc_identity (
    oidc_provider_id bigint      NOT NULL,
    subject          text        NOT NULL,
    app_user_id      bigint      NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT oidc_identity_pkey PRIMARY KEY (oidc_provider_id, subject),
    CONSTRAINT oidc_identity_app_user_key UNIQUE (app_user_id, oidc_provider_id),
    CONSTRAINT oidc_identity_oidc_provider_fkey FOREIGN KEY (oidc_provider_id) REFERENCES oidc_provider (id),
    CONSTRAINT oidc_identity_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
COMMENT ON TABLE oidc_identity IS 'Whom a person is to a service: by its own lasting name for them, never by an address.';

CREATE TABLE IF NOT EXISTS oidc_sign_in (
    id               bigint      GENERATED ALWAYS AS IDENTITY,
    oidc_provider_id bigint      NOT NULL,
    state_hash       bytea       NOT NULL,
    sealed_request   bytea       NOT NULL,
    app_user_id      bigint,
    expires_at       timestamptz NOT NULL,
    CONSTRAINT oidc_sign_in_pkey PRIMARY KEY (id),
    CONSTRAINT oidc_sign_in_state_hash_key UNIQUE (state_hash),
    CONSTRAINT oidc_sign_in_oidc_provider_fkey FOREIGN KEY (oidc_provider_id) REFERENCES oidc_provider (id),
    CONSTRAINT oidc_sign_in_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
COMMENT ON TABLE oidc_sign_in IS 'A browser sent to a service and not back yet; its answer is taken once.';
COMMENT ON COLUMN oidc_sign_in.sealed_request IS 'Nonce, PKCE verifier and the way back, sealed.';
COMMENT ON COLUMN oidc_sign_in.app_user_id IS 'Who connects an account they have. NULL: somebody signs in.';

CREATE TABLE IF NOT EXISTS api_token (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    app_user_id  bigint      NOT NULL,
    name         text        NOT NULL,
    token_hash   bytea       NOT NULL,
    hint         text        NOT NULL,
    permissions  text[],
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_token_pkey PRIMARY KEY (id),
    CONSTRAINT api_token_token_hash_key UNIQUE (token_hash),
    CONSTRAINT api_token_name_check CHECK (name <> ''),
    CONSTRAINT api_token_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS api_token_app_user_idx ON api_token (app_user_id);
COMMENT ON TABLE api_token IS 'A bearer token for programs. Shown once; only its SHA-256 is kept.';
COMMENT ON COLUMN api_token.hint IS 'The first characters, so that a person can tell tokens apart.';
COMMENT ON COLUMN api_token.permissions IS 'NULL: everything its person may do. Never more than that.';
COMMENT ON COLUMN api_token.expires_at IS 'NULL: does not expire.';

CREATE TABLE IF NOT EXISTS account_link (
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    kind          text        NOT NULL,
    email         text        NOT NULL,
    app_user_id   bigint,
    invited_by_id bigint,
    token_hash    bytea,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    is_by_mail    boolean     NOT NULL,
    sent_at       timestamptz,
    send_error    text,
    used_at       timestamptz,
    revoked_at    timestamptz,
    CONSTRAINT account_link_pkey PRIMARY KEY (id),
    CONSTRAINT account_link_token_hash_key UNIQUE (token_hash),
    CONSTRAINT account_link_kind_check
        CHECK (kind IN ('invitation', 'sign_up', 'password_reset', 'email_change')),
    CONSTRAINT account_link_app_user_check CHECK (kind <> 'email_change' OR app_user_id IS NOT NULL),
    CONSTRAINT account_link_invited_by_check CHECK ((kind = 'invitation') = (invited_by_id IS NOT NULL)),
    CONSTRAINT account_link_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT account_link_invited_by_fkey FOREIGN KEY (invited_by_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS account_link_email_idx ON account_link (email, kind, created_at);
COMMENT ON TABLE account_link IS 'A link that works once and not for long: to join, to choose a new password, to confirm an address.';
COMMENT ON COLUMN account_link.app_user_id IS 'Whose account it is about, once that is known. NULL: nobody''s yet.';
COMMENT ON COLUMN account_link.invited_by_id IS 'NULL: whoever opens it asked for it.';
COMMENT ON COLUMN account_link.token_hash IS 'SHA-256 of the token. NULL: not made yet; the worker makes it when it sends the e-mail.';
COMMENT ON COLUMN account_link.is_by_mail IS 'Whoever opens it can read the mail of that address. Else it was shown to who invited.';
COMMENT ON COLUMN account_link.sent_at IS 'NULL: not sent, or not by e-mail.';
COMMENT ON COLUMN account_link.send_error IS 'What the mail server said at the last attempt. NULL: nothing went wrong.';
COMMENT ON COLUMN account_link.used_at IS 'NULL: not used.';
COMMENT ON COLUMN account_link.revoked_at IS 'NULL: not taken back.';

CREATE TABLE IF NOT EXISTS account_link_role (
    account_link_id bigint NOT NULL,
    role_id         bigint NOT NULL,
    CONSTRAINT account_link_role_pkey PRIMARY KEY (account_link_id, role_id),
    CONSTRAINT account_link_role_account_link_fkey FOREIGN KEY (account_link_id) REFERENCES account_link (id) ON DELETE CASCADE,
    CONSTRAINT account_link_role_role_fkey FOREIGN KEY (role_id) REFERENCES role (id)
);
COMMENT ON TABLE account_link_role IS 'The roles that whoever joins by a link is given.';

CREATE TABLE IF NOT EXISTS access_policy (
    is_only                    boolean NOT NULL DEFAULT true,
    is_sign_up_open            boolean NOT NULL DEFAULT false,
    sign_up_role_id            bigint,
    token_requests_per_minute  integer DEFAULT 600,
    person_requests_per_minute integer DEFAULT 1200,
    session_idle_minutes       integer NOT NULL DEFAULT 43200,
    session_hours              integer DEFAULT 2160,
    CONSTRAINT access_policy_pkey PRIMARY KEY (is_only),
    CONSTRAINT access_policy_is_only_check CHECK (is_only),
    CONSTRAINT access_policy_token_requests_check CHECK (token_requests_per_minute > 0),
    CONSTRAINT access_policy_person_requests_check CHECK (person_requests_per_minute > 0),
    CONSTRAINT access_policy_session_idle_check CHECK (session_idle_minutes >= 5),
    CONSTRAINT access_policy_session_hours_check CHECK (session_hours > 0),
    CONSTRAINT access_policy_sign_up_role_fkey FOREIGN KEY (sign_up_role_id) REFERENCES role (id)
);
COMMENT ON TABLE access_policy IS 'How people come in and how much they may ask for, as administrators set it; one row.';
COMMENT ON COLUMN access_policy.sign_up_role_id IS 'What a person who signs up is given. NULL: no role.';
COMMENT ON COLUMN access_policy.token_requests_per_minute IS 'For each API token. NULL: as many as it likes.';
COMMENT ON COLUMN access_policy.session_idle_minutes IS 'A browser that was not used for so long signs in again. What pages ask for by themselves is no use.';
COMMENT ON COLUMN access_policy.session_hours IS 'So long after it signed in, a browser signs in again, used or not. NULL: no such end.';
COMMENT ON COLUMN access_policy.person_requests_per_minute IS 'For each person, browsers and tokens together. NULL: as many as they like.';

CREATE TABLE IF NOT EXISTS outgoing_place (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    host        text        NOT NULL,
    port        integer,
    note        text        NOT NULL DEFAULT '',
    app_user_id bigint,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT outgoing_place_pkey PRIMARY KEY (id),
    CONSTRAINT outgoing_place_host_key UNIQUE NULLS NOT DISTINCT (host, port),
    CONSTRAINT outgoing_place_host_check CHECK (host <> '' AND host = lower(host)),
    CONSTRAINT outgoing_place_port_check CHECK (port BETWEEN 1 AND 65535),
    CONSTRAINT outgoing_place_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
COMMENT ON TABLE outgoing_place IS 'Where calls may go though it is no public address: this machine, a private network. All other such addresses are refused.';
COMMENT ON COLUMN outgoing_place.host IS 'A name or an address, as the call writes it or as a name resolves.';
COMMENT ON COLUMN outgoing_place.port IS 'NULL: each of them.';
COMMENT ON COLUMN outgoing_place.app_user_id IS 'Who allowed it. NULL: found at a start, by what is known or the environment says.';

CREATE TABLE IF NOT EXISTS setup_link (
    id         bigint      GENERATED ALWAYS AS IDENTITY,
    token_hash bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz,
    CONSTRAINT setup_link_pkey PRIMARY KEY (id),
    CONSTRAINT setup_link_token_hash_key UNIQUE (token_hash)
);
COMMENT ON TABLE setup_link IS 'The one-time link that creates the first administrator of an empty database.';

-- ---------------------------------------------------------------------------------------------
-- Audit
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS audit_event (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL DEFAULT now(),
    app_user_id  bigint,
    api_token_id bigint,
    name         text        NOT NULL,
    subject_kind text        NOT NULL,
    subject_id   bigint,
    details      jsonb       NOT NULL DEFAULT '{}',
    address      inet,
    request_id   text,
    CONSTRAINT audit_event_pkey PRIMARY KEY (id),
    CONSTRAINT audit_event_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT audit_event_api_token_fkey FOREIGN KEY (api_token_id) REFERENCES api_token (id)
);
CREATE INDEX IF NOT EXISTS audit_event_subject_idx ON audit_event (subject_kind, subject_id, id);
CREATE INDEX IF NOT EXISTS audit_event_name_idx ON audit_event (name, id);
CREATE INDEX IF NOT EXISTS audit_event_app_user_idx ON audit_event (app_user_id, id);
CREATE INDEX IF NOT EXISTS audit_event_at_idx ON audit_event (at);
COMMENT ON TABLE audit_event IS 'Who did what to which, append-only. Holds references, never post text or keys.';
COMMENT ON COLUMN audit_event.app_user_id IS 'NULL: the system itself.';
COMMENT ON COLUMN audit_event.api_token_id IS 'NULL: not through a token.';
COMMENT ON COLUMN audit_event.address IS 'Where the request came from. NULL: the command line, or the worker by itself.';
COMMENT ON COLUMN audit_event.request_id IS 'As in X-Request-Id and the log. NULL: no request.';

CREATE TABLE IF NOT EXISTS audit_unsealed (
    audit_event_id bigint NOT NULL,
    CONSTRAINT audit_unsealed_pkey PRIMARY KEY (audit_event_id),
    CONSTRAINT audit_unsealed_event_fkey FOREIGN KEY (audit_event_id) REFERENCES audit_event (id)
);
COMMENT ON TABLE audit_unsealed IS
    'Events that wait to be chained. A worker does that every few seconds, so that nobody who writes waits for another.';

CREATE TABLE IF NOT EXISTS audit_seal (
    number         bigint      NOT NULL,
    audit_event_id bigint      NOT NULL,
    hash           bytea       NOT NULL,
    sealed_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audit_seal_pkey PRIMARY KEY (number),
    CONSTRAINT audit_seal_event_key UNIQUE (audit_event_id),
    CONSTRAINT audit_seal_number_check CHECK (number > 0),
    CONSTRAINT audit_seal_hash_check CHECK (length(hash) = 32)
);
COMMENT ON TABLE audit_seal IS
    'The chain: each hash is SHA-256 of the one before it and of the event, so that no event can be changed or taken out unnoticed.';
COMMENT ON COLUMN audit_seal.audit_event_id IS
    'No foreign key: when old events are removed, the seal of the last one stays for the chain to begin at.';

CREATE TABLE IF NOT EXISTS audit_retention (
    is_only     boolean     NOT NULL DEFAULT true,
    days        integer     NOT NULL,
    app_user_id bigint      NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audit_retention_pkey PRIMARY KEY (is_only),
    CONSTRAINT audit_retention_is_only_check CHECK (is_only),
    CONSTRAINT audit_retention_days_check CHECK (days BETWEEN 30 AND 36500),
    CONSTRAINT audit_retention_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
COMMENT ON TABLE audit_retention IS 'How long events are kept, decided by an administrator. No row: for ever.';

-- ---------------------------------------------------------------------------------------------
-- The registry: providers, models, prompt parts, actions
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS llm_provider (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    name         text        NOT NULL,
    label        text        NOT NULL,
    protocol     text        NOT NULL,
    base_url     text        NOT NULL,
    sealed_key   bytea,
    options      jsonb       NOT NULL DEFAULT '{}',
    origin       text        NOT NULL DEFAULT 'person',
    is_enabled   boolean     NOT NULL DEFAULT true,
    is_rehearsal boolean     NOT NULL DEFAULT false,
    checked_at   timestamptz,
    check_error  text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_provider_pkey PRIMARY KEY (id),
    CONSTRAINT llm_provider_name_key UNIQUE (name),
    CONSTRAINT llm_provider_name_check CHECK (name ~ '^[a-z0-9][a-z0-9_-]*$'),
    CONSTRAINT llm_provider_base_url_check CHECK (base_url ~ '^(https?|file)://'),
    CONSTRAINT llm_provider_origin_check CHECK (origin IN ('found', 'person'))
);
COMMENT ON TABLE llm_provider IS 'Where a request goes: a protocol, an address, a sealed key.';
COMMENT ON COLUMN llm_provider.protocol IS 'A name in the adapters of blog/app/llm/providers; checked by the service.';
COMMENT ON COLUMN llm_provider.sealed_key IS 'NULL: no key. Encrypted with the installation''s secret.';
COMMENT ON COLUMN llm_provider.options IS 'The profile of a compatible server: flags its adapter knows.';
COMMENT ON COLUMN llm_provider.origin IS 'found: registered at a start, from the environment or a file; person: by someone.';
COMMENT ON COLUMN llm_provider.is_rehearsal IS 'Its models write nonsense and only prove the wiring; every page says so.';
COMMENT ON COLUMN llm_provider.checked_at IS 'Last time it was asked for its models. NULL: never.';
COMMENT ON COLUMN llm_provider.check_error IS 'What it answered then. NULL: all was well.';

CREATE TABLE IF NOT EXISTS llm_model (
    id                bigint      GENERATED ALWAYS AS IDENTITY,
    llm_provider_id   bigint      NOT NULL,
    name              text        NOT NULL,
    label             text        NOT NULL,
    context_window    integer,
    max_output        integer,
    capabilities      text[]      NOT NULL DEFAULT '{}',
    refused_params    text[]      NOT NULL DEFAULT '{}',
    options           jsonb       NOT NULL DEFAULT '{}',
    price_input       numeric(14, 6),
    price_cached      numeric(14, 6),
    price_cache_write numeric(14, 6),
    price_output      numeric(14, 6),
    price_currency    text,
    price_as_of       date,
    notes             text        NOT NULL DEFAULT '',
    is_enabled        boolean     NOT NULL DEFAULT true,
    is_default        boolean     NOT NULL DEFAULT false,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_model_pkey PRIMARY KEY (id),
    CONSTRAINT llm_model_name_key UNIQUE (llm_provider_id, name),
    CONSTRAINT llm_model_llm_provider_fkey FOREIGN KEY (llm_provider_id) REFERENCES llm_provider (id),
    CONSTRAINT llm_model_context_window_check CHECK (context_window > 0),
    CONSTRAINT llm_model_max_output_check CHECK (max_output > 0),
    CONSTRAINT llm_model_price_check CHECK ((price_input IS NULL) = (price_output IS NULL)
        AND (price_input IS NULL) = (price_currency IS NULL)),
    CONSTRAINT llm_model_default_check CHECK (is_enabled OR NOT is_default)
);
CREATE UNIQUE INDEX IF NOT EXISTS llm_model_default_key ON llm_model (is_default) WHERE is_default;
COMMENT ON TABLE llm_model IS 'What answers. Facts about it are data and may be corrected by a person.';
COMMENT ON COLUMN llm_model.context_window IS 'In tokens. NULL: not known.';
COMMENT ON COLUMN llm_model.refused_params IS 'Parameters this model refuses; dropped before the call and reported on the run.';
COMMENT ON COLUMN llm_model.price_input IS 'Per million tokens. NULL: not known, so the cost of a run is unknown, never 0.';
COMMENT ON COLUMN llm_model.is_default IS 'The model of every action that names none. At most one.';

CREATE TABLE IF NOT EXISTS llm_prompt_part (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    name            text        NOT NULL,
    description     text        NOT NULL DEFAULT '',
    tags            text[]      NOT NULL DEFAULT '{}',
    live_version_id bigint,
    draft_version_id bigint,
    archived_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_prompt_part_pkey PRIMARY KEY (id),
    CONSTRAINT llm_prompt_part_name_key UNIQUE (name),
    CONSTRAINT llm_prompt_part_name_check CHECK (name <> ''),
    CONSTRAINT llm_prompt_part_draft_check CHECK (draft_version_id <> live_version_id)
);
COMMENT ON TABLE llm_prompt_part IS 'A named, reusable piece of a prompt. Actions refer to it; nobody copies it.';
COMMENT ON COLUMN llm_prompt_part.live_version_id IS 'The version in use. NULL only inside the transaction that creates the part.';
COMMENT ON COLUMN llm_prompt_part.draft_version_id IS 'The newest wording that is not live yet; the next change is based on it. NULL: on the live one.';

CREATE TABLE IF NOT EXISTS llm_prompt_part_version (
    id                 bigint      GENERATED ALWAYS AS IDENTITY,
    llm_prompt_part_id bigint      NOT NULL,
    number             integer     NOT NULL,
    role               text        NOT NULL,
    kind               text        NOT NULL,
    template           text        NOT NULL,
    app_user_id        bigint,
    created_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_prompt_part_version_pkey PRIMARY KEY (id),
    CONSTRAINT llm_prompt_part_version_number_key UNIQUE (llm_prompt_part_id, number),
    CONSTRAINT llm_prompt_part_version_part_key UNIQUE (llm_prompt_part_id, id),
    CONSTRAINT llm_prompt_part_version_part_fkey FOREIGN KEY (llm_prompt_part_id) REFERENCES llm_prompt_part (id),
    CONSTRAINT llm_prompt_part_version_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_prompt_part_version_role_check CHECK (role IN ('system', 'user', 'assistant')),
    CONSTRAINT llm_prompt_part_version_kind_check CHECK (kind IN ('role', 'style', 'task', 'data', 'format', 'example'))
);
COMMENT ON TABLE llm_prompt_part_version IS 'One immutable wording of a part. A change is a new row, a draft until it is made live.';
COMMENT ON COLUMN llm_prompt_part_version.template IS 'A small subset of Jinja2, checked when it was saved.';
COMMENT ON COLUMN llm_prompt_part_version.app_user_id IS 'NULL: came with the starter rows.';
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'llm_prompt_part_live_version_fkey') THEN
        ALTER TABLE llm_prompt_part ADD CONSTRAINT llm_prompt_part_live_version_fkey
            FOREIGN KEY (id, live_version_id) REFERENCES llm_prompt_part_version (llm_prompt_part_id, id)
            DEFERRABLE INITIALLY DEFERRED;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'llm_prompt_part_draft_version_fkey') THEN
        ALTER TABLE llm_prompt_part ADD CONSTRAINT llm_prompt_part_draft_version_fkey
            FOREIGN KEY (id, draft_version_id) REFERENCES llm_prompt_part_version (llm_prompt_part_id, id)
            DEFERRABLE INITIALLY DEFERRED;
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS llm_prompt_part_release (
    id                         bigint      GENERATED ALWAYS AS IDENTITY,
    llm_prompt_part_id         bigint      NOT NULL,
    llm_prompt_part_version_id bigint      NOT NULL,
    replaced_version_id        bigint,
    app_user_id                bigint,
    reason                     text        NOT NULL DEFAULT '',
    overruled                  jsonb,
    created_at                 timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT llm_prompt_part_release_pkey PRIMARY KEY (id),
    CONSTRAINT llm_prompt_part_release_version_fkey FOREIGN KEY (llm_prompt_part_id, llm_prompt_part_version_id)
        REFERENCES llm_prompt_part_version (llm_prompt_part_id, id),
    CONSTRAINT llm_prompt_part_release_replaced_fkey FOREIGN KEY (llm_prompt_part_id, replaced_version_id)
        REFERENCES llm_prompt_part_version (llm_prompt_part_id, id),
    CONSTRAINT llm_prompt_part_release_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_prompt_part_release_overruled_check CHECK (overruled IS NULL OR reason <> '')
);
CREATE INDEX IF NOT EXISTS llm_prompt_part_release_part_idx ON llm_prompt_part_release (llm_prompt_part_id, id);
COMMENT ON TABLE llm_prompt_part_release IS 'That a wording was made live: who, when, instead of which. Append-only.';
COMMENT ON COLUMN llm_prompt_part_release.replaced_version_id IS 'Live until then. NULL: the part''s first.';
COMMENT ON COLUMN llm_prompt_part_release.app_user_id IS 'NULL: came with the starter rows.';
COMMENT ON COLUMN llm_prompt_part_release.overruled IS
    'What gates had against it, when somebody made it live all the same. NULL: nothing was in the way.';

CREATE TABLE IF NOT EXISTS llm_action (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    name            text        NOT NULL,
    label           text        NOT NULL,
    description     text        NOT NULL DEFAULT '',
    live_version_id bigint,
    draft_version_id bigint,
    archived_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_action_pkey PRIMARY KEY (id),
    CONSTRAINT llm_action_name_key UNIQUE (name),
    CONSTRAINT llm_action_name_check CHECK (name ~ '^[a-z0-9][a-z0-9_]*$'),
    CONSTRAINT llm_action_draft_check CHECK (draft_version_id <> live_version_id)
);
COMMENT ON TABLE llm_action IS 'Something a model can be asked to do, as the editor sees it on a field.';
COMMENT ON COLUMN llm_action.live_version_id IS 'The version in use. NULL only inside the transaction that creates the action.';
COMMENT ON COLUMN llm_action.draft_version_id IS 'The newest make-up that is not live yet; the next change is based on it. NULL: on the live one.';

CREATE TABLE IF NOT EXISTS llm_action_version (
    id               bigint      GENERATED ALWAYS AS IDENTITY,
    llm_action_id    bigint      NOT NULL,
    number           integer     NOT NULL,
    llm_model_id     bigint,
    params           jsonb       NOT NULL DEFAULT '{}',
    output_kind      text        NOT NULL,
    output_schema    jsonb,
    validators       jsonb       NOT NULL DEFAULT '[]',
    deadline_seconds integer     NOT NULL DEFAULT 600,
    max_retries      integer     NOT NULL DEFAULT 2,
    fallback_model_id bigint,
    max_repairs      integer     NOT NULL DEFAULT 0,
    repair_part_id   bigint,
    takes_selection  boolean     NOT NULL DEFAULT false,
    wish_label       text,
    wish_choices     text[]      NOT NULL DEFAULT '{}',
    app_user_id      bigint,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_action_version_pkey PRIMARY KEY (id),
    CONSTRAINT llm_action_version_number_key UNIQUE (llm_action_id, number),
    CONSTRAINT llm_action_version_action_key UNIQUE (llm_action_id, id),
    CONSTRAINT llm_action_version_action_fkey FOREIGN KEY (llm_action_id) REFERENCES llm_action (id),
    CONSTRAINT llm_action_version_llm_model_fkey FOREIGN KEY (llm_model_id) REFERENCES llm_model (id),
    CONSTRAINT llm_action_version_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_action_version_output_kind_check
        CHECK (output_kind IN ('text', 'markdown', 'list', 'json', 'choice', 'number')),
    CONSTRAINT llm_action_version_deadline_check CHECK (deadline_seconds BETWEEN 5 AND 7200),
    CONSTRAINT llm_action_version_fallback_model_fkey FOREIGN KEY (fallback_model_id) REFERENCES llm_model (id),
    CONSTRAINT llm_action_version_repair_part_fkey FOREIGN KEY (repair_part_id) REFERENCES llm_prompt_part (id),
    CONSTRAINT llm_action_version_max_retries_check CHECK (max_retries BETWEEN 0 AND 5),
    CONSTRAINT llm_action_version_max_repairs_check CHECK (max_repairs BETWEEN 0 AND 3),
    CONSTRAINT llm_action_version_repair_check CHECK (max_repairs = 0 OR repair_part_id IS NOT NULL),
    CONSTRAINT llm_action_version_selection_check CHECK (NOT takes_selection OR output_kind IN ('text', 'markdown')),
    CONSTRAINT llm_action_version_wish_label_check CHECK (wish_label <> ''),
    CONSTRAINT llm_action_version_wish_choices_check CHECK (wish_label IS NOT NULL OR wish_choices = '{}')
);
COMMENT ON TABLE llm_action_version IS
    'One immutable make-up of an action: model, parameters, output type. Its parts are llm_action_part. A change is a new row, a draft until it is made live.';
COMMENT ON COLUMN llm_action_version.llm_model_id IS 'NULL: the default model at the time of the run.';
COMMENT ON COLUMN llm_action_version.output_schema IS 'JSON Schema of the reply. NULL: no schema.';
COMMENT ON COLUMN llm_action_version.max_retries IS
    'How often a call is made again when its failure is worth it and nothing was shown yet.';
COMMENT ON COLUMN llm_action_version.fallback_model_id IS
    'Asked when the model fails for good with nothing shown; the run says so. NULL: none is.';
COMMENT ON COLUMN llm_action_version.max_repairs IS 'How often a reply that fails its checks is sent back, each time as a child run.';
COMMENT ON COLUMN llm_action_version.repair_part_id IS
    'What is said then; its template reads input.problems. NULL: a failed check ends the matter.';
COMMENT ON COLUMN llm_action_version.takes_selection IS
    'Whether every text offers it for a passage that is selected there; its reply then replaces that passage.';
COMMENT ON COLUMN llm_action_version.wish_label IS
    'What the editor is asked when a run starts, such as Tone; the answer is read as input.wish. NULL: nothing is asked.';
COMMENT ON COLUMN llm_action_version.wish_choices IS 'The answers there are. Empty: any words, or nothing is asked.';
COMMENT ON COLUMN llm_action_version.validators IS 'A list of checks beyond the schema, such as exactly N items.';
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'llm_action_live_version_fkey') THEN
        ALTER TABLE llm_action ADD CONSTRAINT llm_action_live_version_fkey
            FOREIGN KEY (id, live_version_id) REFERENCES llm_action_version (llm_action_id, id)
            DEFERRABLE INITIALLY DEFERRED;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'llm_action_draft_version_fkey') THEN
        ALTER TABLE llm_action ADD CONSTRAINT llm_action_draft_version_fkey
            FOREIGN KEY (id, draft_version_id) REFERENCES llm_action_version (llm_action_id, id)
            DEFERRABLE INITIALLY DEFERRED;
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS llm_action_release (
    id                    bigint      GENERATED ALWAYS AS IDENTITY,
    llm_action_id         bigint      NOT NULL,
    llm_action_version_id bigint      NOT NULL,
    replaced_version_id   bigint,
    app_user_id           bigint,
    reason                text        NOT NULL DEFAULT '',
    overruled             jsonb,
    created_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT llm_action_release_pkey PRIMARY KEY (id),
    CONSTRAINT llm_action_release_version_fkey FOREIGN KEY (llm_action_id, llm_action_version_id)
        REFERENCES llm_action_version (llm_action_id, id),
    CONSTRAINT llm_action_release_replaced_fkey FOREIGN KEY (llm_action_id, replaced_version_id)
        REFERENCES llm_action_version (llm_action_id, id),
    CONSTRAINT llm_action_release_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_action_release_overruled_check CHECK (overruled IS NULL OR reason <> '')
);
CREATE INDEX IF NOT EXISTS llm_action_release_action_idx ON llm_action_release (llm_action_id, id);
COMMENT ON TABLE llm_action_release IS 'That a make-up was made live: who, when, instead of which. Append-only.';
COMMENT ON COLUMN llm_action_release.replaced_version_id IS 'Live until then. NULL: the action''s first.';
COMMENT ON COLUMN llm_action_release.app_user_id IS 'NULL: came with the starter rows.';
COMMENT ON COLUMN llm_action_release.overruled IS
    'What gates had against it, when somebody made it live all the same. NULL: nothing was in the way.';

CREATE TABLE IF NOT EXISTS llm_action_split (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    llm_action_id   bigint      NOT NULL,
    live_version_id bigint      NOT NULL,
    tried_version_id bigint     NOT NULL,
    tried_percent   integer     NOT NULL,
    app_user_id     bigint      NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT now(),
    ended_by_id     bigint,
    ended_at        timestamptz,
    CONSTRAINT llm_action_split_pkey PRIMARY KEY (id),
    CONSTRAINT llm_action_split_live_version_fkey
        FOREIGN KEY (llm_action_id, live_version_id) REFERENCES llm_action_version (llm_action_id, id),
    CONSTRAINT llm_action_split_tried_version_fkey
        FOREIGN KEY (llm_action_id, tried_version_id) REFERENCES llm_action_version (llm_action_id, id),
    CONSTRAINT llm_action_split_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_action_split_ended_by_fkey FOREIGN KEY (ended_by_id) REFERENCES app_user (id),
    CONSTRAINT llm_action_split_versions_check CHECK (live_version_id <> tried_version_id),
    CONSTRAINT llm_action_split_percent_check CHECK (tried_percent BETWEEN 1 AND 99),
    CONSTRAINT llm_action_split_ended_check CHECK ((ended_at IS NULL) = (ended_by_id IS NULL))
);
CREATE UNIQUE INDEX IF NOT EXISTS llm_action_split_open_key ON llm_action_split (llm_action_id) WHERE ended_at IS NULL;
COMMENT ON TABLE llm_action_split IS
    'Runs of an action for fields are divided by post between its live version and another, to see which editors keep more of.';
COMMENT ON COLUMN llm_action_split.live_version_id IS 'The version that was live then. Once another is, the split chooses no more.';
COMMENT ON COLUMN llm_action_split.ended_at IS 'NULL: nobody ended it. At most one of an action.';

CREATE TABLE IF NOT EXISTS llm_action_part (
    llm_action_version_id bigint  NOT NULL,
    position              integer NOT NULL,
    llm_prompt_part_id    bigint  NOT NULL,
    is_off                boolean NOT NULL DEFAULT false,
    CONSTRAINT llm_action_part_pkey PRIMARY KEY (llm_action_version_id, position),
    CONSTRAINT llm_action_part_version_fkey FOREIGN KEY (llm_action_version_id) REFERENCES llm_action_version (id),
    CONSTRAINT llm_action_part_part_fkey FOREIGN KEY (llm_prompt_part_id) REFERENCES llm_prompt_part (id),
    CONSTRAINT llm_action_part_position_check CHECK (position > 0)
);
CREATE INDEX IF NOT EXISTS llm_action_part_part_idx ON llm_action_part (llm_prompt_part_id);
COMMENT ON TABLE llm_action_part IS 'The parts of an action version, in the order in which they are sent. Roles are never sorted.';
COMMENT ON COLUMN llm_action_part.is_off IS 'It keeps its place and is not sent.';

-- ---------------------------------------------------------------------------------------------
-- The workflow: stages, sub-stages, fields, and which actions a field offers
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS workflow (
    id         bigint      GENERATED ALWAYS AS IDENTITY,
    name       text        NOT NULL,
    label      text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT workflow_pkey PRIMARY KEY (id),
    CONSTRAINT workflow_name_key UNIQUE (name)
);
COMMENT ON TABLE workflow IS 'A way to make a post: its stages and fields.';

CREATE TABLE IF NOT EXISTS workflow_stage (
    id          bigint  GENERATED ALWAYS AS IDENTITY,
    workflow_id bigint  NOT NULL,
    name        text    NOT NULL,
    label       text    NOT NULL,
    position    integer NOT NULL,
    CONSTRAINT workflow_stage_pkey PRIMARY KEY (id),
    CONSTRAINT workflow_stage_name_key UNIQUE (workflow_id, name),
    CONSTRAINT workflow_stage_position_key UNIQUE (workflow_id, position) DEFERRABLE,
    CONSTRAINT workflow_stage_workflow_key UNIQUE (workflow_id, id),
    CONSTRAINT workflow_stage_workflow_fkey FOREIGN KEY (workflow_id) REFERENCES workflow (id)
);
COMMENT ON TABLE workflow_stage IS 'A large step of a workflow, such as Planning.';

CREATE TABLE IF NOT EXISTS workflow_sub_stage (
    id                bigint  GENERATED ALWAYS AS IDENTITY,
    workflow_id       bigint  NOT NULL,
    workflow_stage_id bigint  NOT NULL,
    name              text    NOT NULL,
    label             text    NOT NULL,
    position          integer NOT NULL,
    CONSTRAINT workflow_sub_stage_pkey PRIMARY KEY (id),
    CONSTRAINT workflow_sub_stage_name_key UNIQUE (workflow_id, name),
    CONSTRAINT workflow_sub_stage_position_key UNIQUE (workflow_stage_id, position) DEFERRABLE,
    CONSTRAINT workflow_sub_stage_workflow_key UNIQUE (workflow_id, id),
    CONSTRAINT workflow_sub_stage_stage_fkey
        FOREIGN KEY (workflow_id, workflow_stage_id) REFERENCES workflow_stage (workflow_id, id)
);
COMMENT ON TABLE workflow_sub_stage IS 'A screen of work inside a stage, such as Idea. A post stands at one of them.';

CREATE TABLE IF NOT EXISTS workflow_field (
    id                    bigint  GENERATED ALWAYS AS IDENTITY,
    workflow_id           bigint  NOT NULL,
    workflow_sub_stage_id bigint  NOT NULL,
    name                  text    NOT NULL,
    label                 text    NOT NULL,
    kind                  text    NOT NULL,
    scope                 text    NOT NULL,
    position              integer NOT NULL,
    help                  text    NOT NULL DEFAULT '',
    max_chars             integer,
    choices               text[]  NOT NULL DEFAULT '{}',
    title_rank            integer,
    on_accept             text    NOT NULL DEFAULT 'save',
    part                  text,
    part_rank             integer,
    archived_at           timestamptz,
    CONSTRAINT workflow_field_pkey PRIMARY KEY (id),
    CONSTRAINT workflow_field_workflow_key UNIQUE (workflow_id, id),
    CONSTRAINT workflow_field_name_key UNIQUE (workflow_id, name),
    CONSTRAINT workflow_field_position_key UNIQUE (workflow_sub_stage_id, position) DEFERRABLE,
    CONSTRAINT workflow_field_title_rank_key UNIQUE (workflow_id, title_rank),
    CONSTRAINT workflow_field_sub_stage_fkey
        FOREIGN KEY (workflow_id, workflow_sub_stage_id) REFERENCES workflow_sub_stage (workflow_id, id),
    CONSTRAINT workflow_field_name_check CHECK (name ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT workflow_field_kind_check
        CHECK (kind IN ('text', 'markdown', 'list', 'json', 'choice', 'number', 'date', 'url')),
    CONSTRAINT workflow_field_scope_check CHECK (scope IN ('post', 'section')),
    CONSTRAINT workflow_field_max_chars_check CHECK (max_chars > 0),
    CONSTRAINT workflow_field_choices_check CHECK ((kind = 'choice') = (choices <> '{}')),
    CONSTRAINT workflow_field_title_rank_check CHECK (title_rank IS NULL OR kind IN ('text', 'markdown')),
    CONSTRAINT workflow_field_on_accept_check CHECK (on_accept IN ('save', 'plan_sections')),
    CONSTRAINT workflow_field_part_key UNIQUE (workflow_id, part, part_rank),
    CONSTRAINT workflow_field_part_check CHECK (
        part IN ('title', 'subtitle', 'header_image', 'introduction', 'conclusion', 'summary', 'seo', 'tags',
                 'categories', 'date')
        OR (part IN ('section_heading', 'section_body', 'section_image_alt', 'section_caption')
            AND scope = 'section')),
    CONSTRAINT workflow_field_part_scope_check CHECK (part LIKE 'section%' OR scope = 'post' OR part IS NULL),
    CONSTRAINT workflow_field_part_rank_check CHECK ((part IS NULL) = (part_rank IS NULL))
);
COMMENT ON TABLE workflow_field IS 'A typed place for words in a sub-stage, once per post or once per section.';
COMMENT ON COLUMN workflow_field.max_chars IS 'NULL: only the general limit of a field.';
COMMENT ON COLUMN workflow_field.title_rank IS
    'Post scope: the first filled field by this rank names the post in lists. Section scope: names the section. NULL: does not.';
COMMENT ON COLUMN workflow_field.on_accept IS
    'plan_sections: accepting a suggestion also creates and reorders sections from [{heading, description}]; none is removed.';
COMMENT ON COLUMN workflow_field.part IS 'What it is in the post as readers get it. NULL: it is for writers only.';
COMMENT ON COLUMN workflow_field.part_rank IS 'Of several fields of one part the first filled by this rank is shown. NULL: no part.';

CREATE TABLE IF NOT EXISTS workflow_field_action (
    workflow_field_id bigint  NOT NULL,
    llm_action_id     bigint  NOT NULL,
    position          integer NOT NULL,
    on_success        text    NOT NULL DEFAULT 'review',
    CONSTRAINT workflow_field_action_pkey PRIMARY KEY (workflow_field_id, llm_action_id),
    CONSTRAINT workflow_field_action_on_success_check CHECK (on_success IN ('review', 'save')),
    CONSTRAINT workflow_field_action_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id),
    CONSTRAINT workflow_field_action_action_fkey FOREIGN KEY (llm_action_id) REFERENCES llm_action (id)
);
CREATE INDEX IF NOT EXISTS workflow_field_action_action_idx ON workflow_field_action (llm_action_id);
COMMENT ON TABLE workflow_field_action IS 'Which actions a field offers under Automate with LLM; the first is the usual one.';
COMMENT ON COLUMN workflow_field_action.on_success IS
    'What becomes of an answer that keeps the action''s promise: review: a person decides; save: it is the next revision, if nobody wrote there meanwhile.';

CREATE TABLE IF NOT EXISTS workflow_requirement (
    id                    bigint  GENERATED ALWAYS AS IDENTITY,
    workflow_id           bigint  NOT NULL,
    workflow_sub_stage_id bigint  NOT NULL,
    workflow_field_id     bigint,
    position              integer NOT NULL,
    kind                  text    NOT NULL,
    amount                integer,
    expected              text,
    CONSTRAINT workflow_requirement_pkey PRIMARY KEY (id),
    CONSTRAINT workflow_requirement_position_key UNIQUE (workflow_sub_stage_id, position) DEFERRABLE,
    CONSTRAINT workflow_requirement_sub_stage_fkey
        FOREIGN KEY (workflow_id, workflow_sub_stage_id) REFERENCES workflow_sub_stage (workflow_id, id),
    CONSTRAINT workflow_requirement_field_fkey
        FOREIGN KEY (workflow_id, workflow_field_id) REFERENCES workflow_field (workflow_id, id),
    CONSTRAINT workflow_requirement_kind_check CHECK (kind IN (
        'filled', 'each_section_filled', 'max_chars', 'min_words', 'min_items', 'equals', 'comments_resolved')),
    CONSTRAINT workflow_requirement_field_check CHECK ((workflow_field_id IS NULL) = (kind = 'comments_resolved')),
    CONSTRAINT workflow_requirement_amount_check
        CHECK ((amount IS NOT NULL) = (kind IN ('max_chars', 'min_words', 'min_items')) AND amount > 0),
    CONSTRAINT workflow_requirement_expected_check CHECK ((expected IS NOT NULL) = (kind = 'equals'))
);
CREATE INDEX IF NOT EXISTS workflow_requirement_field_idx ON workflow_requirement (workflow_field_id);
COMMENT ON TABLE workflow_requirement IS 'What must hold before a sub-stage may be called ready or done.';
COMMENT ON COLUMN workflow_requirement.workflow_field_id IS
    'The field it is about; of a field of sections each section''s. NULL: about the sub-stage as a whole.';
COMMENT ON COLUMN workflow_requirement.amount IS 'Of characters, words or entries. NULL: the kind counts nothing.';
COMMENT ON COLUMN workflow_requirement.expected IS 'The value an “equals” asks for. NULL: another kind.';

-- ---------------------------------------------------------------------------------------------
-- Who may do what where: the matrix of roles and stages, groups and their workflows
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS stage_grant (
    role_id           bigint NOT NULL,
    workflow_stage_id bigint NOT NULL,
    verb              text   NOT NULL,
    CONSTRAINT stage_grant_pkey PRIMARY KEY (role_id, workflow_stage_id, verb),
    CONSTRAINT stage_grant_role_fkey FOREIGN KEY (role_id) REFERENCES role (id) ON DELETE CASCADE,
    CONSTRAINT stage_grant_stage_fkey FOREIGN KEY (workflow_stage_id) REFERENCES workflow_stage (id) ON DELETE CASCADE,
    CONSTRAINT stage_grant_verb_check CHECK (verb IN ('see', 'edit', 'run', 'accept', 'move', 'publish'))
);
CREATE INDEX IF NOT EXISTS stage_grant_stage_idx ON stage_grant (workflow_stage_id);
COMMENT ON TABLE stage_grant IS
    'In which stages a role may use what its permissions allow. No row, no right; a fixed role needs none: it may everything everywhere.';
COMMENT ON COLUMN stage_grant.verb IS
    'see: posts that stand there, and its fields. edit: its fields. run: actions on them. accept: what models wrote for them. move: posts on from there. publish: set the day a post that stands there appears, and finish the workflow.';

CREATE TABLE IF NOT EXISTS user_group (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    name        text        NOT NULL,
    is_everyone boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_group_pkey PRIMARY KEY (id),
    CONSTRAINT user_group_name_key UNIQUE (name),
    CONSTRAINT user_group_name_check CHECK (name <> '')
);
CREATE UNIQUE INDEX IF NOT EXISTS user_group_everyone_key ON user_group (is_everyone) WHERE is_everyone;
COMMENT ON TABLE user_group IS 'People who may work in the same workflows.';
COMMENT ON COLUMN user_group.is_everyone IS 'Everybody belongs to it, without a row for each. There is one at most, and it is not deleted.';

CREATE TABLE IF NOT EXISTS user_group_member (
    user_group_id bigint NOT NULL,
    app_user_id   bigint NOT NULL,
    CONSTRAINT user_group_member_pkey PRIMARY KEY (user_group_id, app_user_id),
    CONSTRAINT user_group_member_group_fkey FOREIGN KEY (user_group_id) REFERENCES user_group (id) ON DELETE CASCADE,
    CONSTRAINT user_group_member_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS user_group_member_app_user_idx ON user_group_member (app_user_id);
COMMENT ON TABLE user_group_member IS 'Who is in a group.';

CREATE TABLE IF NOT EXISTS user_group_workflow (
    user_group_id bigint NOT NULL,
    workflow_id   bigint NOT NULL,
    CONSTRAINT user_group_workflow_pkey PRIMARY KEY (user_group_id, workflow_id),
    CONSTRAINT user_group_workflow_group_fkey FOREIGN KEY (user_group_id) REFERENCES user_group (id) ON DELETE CASCADE,
    CONSTRAINT user_group_workflow_workflow_fkey FOREIGN KEY (workflow_id) REFERENCES workflow (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS user_group_workflow_workflow_idx ON user_group_workflow (workflow_id);
COMMENT ON TABLE user_group_workflow IS
    'The workflows that a group opens to its members. One that no group of a person opens is closed to them, whatever their roles.';

-- ---------------------------------------------------------------------------------------------
-- Posts: what is written
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS post (
    id                    bigint      GENERATED ALWAYS AS IDENTITY,
    workflow_id           bigint      NOT NULL,
    workflow_sub_stage_id bigint      NOT NULL,
    title                 text        NOT NULL DEFAULT '',
    app_user_id           bigint,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    removed_at            timestamptz,
    status                text        NOT NULL DEFAULT 'not_started',
    assignee_id           bigint,
    due_on                date,
    planned_on            date,
    scheduled_for         date,
    CONSTRAINT post_pkey PRIMARY KEY (id),
    CONSTRAINT post_workflow_key UNIQUE (workflow_id, id),
    CONSTRAINT post_sub_stage_fkey
        FOREIGN KEY (workflow_id, workflow_sub_stage_id) REFERENCES workflow_sub_stage (workflow_id, id),
    CONSTRAINT post_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT post_assignee_fkey FOREIGN KEY (assignee_id) REFERENCES app_user (id),
    CONSTRAINT post_status_check CHECK (status IN ('not_started', 'in_work', 'ready', 'done', 'blocked'))
);
CREATE INDEX IF NOT EXISTS post_updated_idx ON post (updated_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_sub_stage_idx
    ON post (workflow_sub_stage_id, updated_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_app_user_idx ON post (app_user_id, updated_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_app_user_sub_stage_idx
    ON post (app_user_id, workflow_sub_stage_id, updated_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_status_idx ON post (status, updated_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_status_sub_stage_idx
    ON post (status, workflow_sub_stage_id, updated_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_assignee_idx ON post (assignee_id, updated_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_assignee_sub_stage_idx
    ON post (assignee_id, workflow_sub_stage_id, updated_at DESC, id DESC) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_title_idx ON post (left(lower(title), 200), id) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_title_search_idx
    ON post USING gin (to_tsvector('simple', title)) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_due_on_idx ON post (due_on, id) WHERE due_on IS NOT NULL AND removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_due_sub_stage_idx
    ON post (workflow_sub_stage_id, due_on) INCLUDE (status) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_planned_on_idx ON post (planned_on, id) WHERE planned_on IS NOT NULL AND removed_at IS NULL;
CREATE INDEX IF NOT EXISTS post_scheduled_for_idx ON post (scheduled_for, id) WHERE scheduled_for IS NOT NULL AND removed_at IS NULL;
COMMENT ON TABLE post IS 'A post on its way through a workflow. Its words are field_revision.';
COMMENT ON COLUMN post.title IS 'Kept by the service from the field that names the post, so that lists are one query. Empty: not named yet.';
COMMENT ON COLUMN post.status IS
    'Kept by the service from post_sub_stage, as assignee_id and due_on are: of where the post stands, so that lists are one query.';
COMMENT ON COLUMN post.assignee_id IS 'NULL: nobody in particular.';
COMMENT ON COLUMN post.due_on IS 'NULL: no due date.';
COMMENT ON COLUMN post.removed_at IS 'NULL: in the lists. Removing a post deletes nothing.';
COMMENT ON COLUMN post.planned_on IS 'The day it is meant to appear. NULL: no plan yet.';
COMMENT ON COLUMN post.scheduled_for IS 'The day it is set to appear, kept by the service from the field that says it (part date), so that calendars are one query. NULL: not set.';

CREATE TABLE IF NOT EXISTS post_section (
    id         bigint      GENERATED ALWAYS AS IDENTITY,
    post_id    bigint      NOT NULL,
    position   integer     NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    CONSTRAINT post_section_pkey PRIMARY KEY (id),
    CONSTRAINT post_section_post_key UNIQUE (post_id, id),
    CONSTRAINT post_section_post_fkey FOREIGN KEY (post_id) REFERENCES post (id)
);
CREATE INDEX IF NOT EXISTS post_section_position_idx ON post_section (post_id, position, id);
COMMENT ON TABLE post_section IS 'An ordered part of a post with a stable id; its words are field_revision.';
COMMENT ON COLUMN post_section.removed_at IS 'NULL: in the post. Removing a section keeps its words and can be undone.';

CREATE TABLE IF NOT EXISTS post_section_order (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    post_id     bigint      NOT NULL,
    section_ids bigint[]    NOT NULL,
    app_user_id bigint,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT post_section_order_pkey PRIMARY KEY (id),
    CONSTRAINT post_section_order_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT post_section_order_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS post_section_order_post_idx ON post_section_order (post_id, id);
COMMENT ON TABLE post_section_order IS
    'Which sections a post had, in which order, from that moment on: a row for each section added, moved, removed or brought back.';
COMMENT ON COLUMN post_section_order.app_user_id IS 'NULL: the system itself.';

CREATE TABLE IF NOT EXISTS field_revision (
    id                bigint      GENERATED ALWAYS AS IDENTITY,
    post_id           bigint      NOT NULL,
    post_section_id   bigint,
    workflow_field_id bigint      NOT NULL,
    number            integer     NOT NULL,
    value             text        NOT NULL,
    origin            text        NOT NULL,
    app_user_id       bigint,
    api_token_id      bigint,
    llm_run_id        bigint,
    base_revision_id  bigint,
    restored_from_id  bigint,
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    superseded_at     timestamptz,
    words             tsvector    GENERATED ALWAYS AS (
        CASE WHEN superseded_at IS NULL THEN to_tsvector('simple', left(value, 200000)) END) STORED,
    CONSTRAINT field_revision_pkey PRIMARY KEY (id),
    CONSTRAINT field_revision_number_key
        UNIQUE NULLS NOT DISTINCT (post_id, post_section_id, workflow_field_id, number),
    CONSTRAINT field_revision_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT field_revision_section_fkey FOREIGN KEY (post_id, post_section_id) REFERENCES post_section (post_id, id),
    CONSTRAINT field_revision_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id),
    CONSTRAINT field_revision_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT field_revision_api_token_fkey FOREIGN KEY (api_token_id) REFERENCES api_token (id),
    CONSTRAINT field_revision_base_fkey FOREIGN KEY (base_revision_id) REFERENCES field_revision (id),
    CONSTRAINT field_revision_restored_from_fkey FOREIGN KEY (restored_from_id) REFERENCES field_revision (id),
    CONSTRAINT field_revision_origin_check CHECK (origin IN ('person', 'run', 'restore', 'system')),
    CONSTRAINT field_revision_run_check CHECK ((origin = 'run') = (llm_run_id IS NOT NULL)),
    CONSTRAINT field_revision_base_check CHECK ((number = 1) = (base_revision_id IS NULL)),
    CONSTRAINT field_revision_value_check CHECK (length(value) <= 2000000)
);
CREATE UNIQUE INDEX IF NOT EXISTS field_revision_current_key
    ON field_revision (post_id, post_section_id, workflow_field_id) NULLS NOT DISTINCT WHERE superseded_at IS NULL;
CREATE INDEX IF NOT EXISTS field_revision_post_idx ON field_revision (post_id, id);
CREATE INDEX IF NOT EXISTS field_revision_search_idx
    ON field_revision USING gin (words) WHERE superseded_at IS NULL;
CREATE INDEX IF NOT EXISTS field_revision_run_idx ON field_revision (llm_run_id) WHERE llm_run_id IS NOT NULL;
COMMENT ON TABLE field_revision IS
    'One value of one field of one post or section. Appended, never changed; the current one has no superseded_at.';
COMMENT ON COLUMN field_revision.post_section_id IS 'NULL: a field of the post itself.';
COMMENT ON COLUMN field_revision.value IS 'Text as written; for a list a JSON array of strings, for json its JSON text. Empty: cleared.';
COMMENT ON COLUMN field_revision.llm_run_id IS 'The run that wrote it, accepted by app_user_id. NULL: no model had part in it.';
COMMENT ON COLUMN field_revision.base_revision_id IS 'The revision its writer had before them. NULL: the first.';
COMMENT ON COLUMN field_revision.superseded_at IS 'When the next revision came. NULL: this is the current one.';
COMMENT ON COLUMN field_revision.words IS
    'What a search looks for, kept so that looking into a text does not mean parsing it. NULL: superseded.';

-- ---------------------------------------------------------------------------------------------
-- Runs and their events
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS llm_run (
    id                    bigint      GENERATED ALWAYS AS IDENTITY,
    llm_action_version_id bigint      NOT NULL,
    llm_model_id          bigint      NOT NULL,
    status                text        NOT NULL DEFAULT 'queued',
    purpose               text        NOT NULL DEFAULT 'use',
    attempt               integer     NOT NULL DEFAULT 0,
    retry_of_id           bigint,
    refines_id            bigint,
    replay_of_id          bigint,
    repair_of_id          bigint,
    repair_number         integer     NOT NULL DEFAULT 0,
    post_id               bigint,
    workflow_field_id     bigint,
    llm_action_split_id   bigint,
    app_user_id           bigint,
    api_token_id          bigint,
    inputs                jsonb       NOT NULL,
    fence                 text        NOT NULL,
    idempotency_key       text,
    idempotency_digest    bytea,
    messages              jsonb       NOT NULL,
    request_url           text,
    request_body          text,
    dropped               jsonb       NOT NULL DEFAULT '[]',
    raw_reply             bytea,
    output                text        NOT NULL DEFAULT '',
    reasoning             text        NOT NULL DEFAULT '',
    checked_output        text,
    check_problems        text[]      NOT NULL DEFAULT '{}',
    check_repairs         text[]      NOT NULL DEFAULT '{}',
    has_replaced_chars    boolean     NOT NULL DEFAULT false,
    finish                text,
    finish_raw            text,
    usage_input           integer,
    usage_output          integer,
    usage_cached          integer,
    usage_cache_write     integer,
    usage_reasoning       integer,
    cost                  numeric(14, 6),
    cost_currency         text,
    error_kind            text,
    error_message         text,
    error_retryable       boolean,
    created_at            timestamptz NOT NULL DEFAULT now(),
    cancel_requested_at   timestamptz,
    started_at            timestamptz,
    first_text_at         timestamptz,
    finished_at           timestamptz,
    messages_dropped_at   timestamptz,
    reply_dropped_at      timestamptz,
    CONSTRAINT llm_run_pkey PRIMARY KEY (id),
    CONSTRAINT llm_run_action_version_fkey FOREIGN KEY (llm_action_version_id) REFERENCES llm_action_version (id),
    CONSTRAINT llm_run_llm_model_fkey FOREIGN KEY (llm_model_id) REFERENCES llm_model (id),
    CONSTRAINT llm_run_retry_of_fkey FOREIGN KEY (retry_of_id) REFERENCES llm_run (id),
    CONSTRAINT llm_run_refines_fkey FOREIGN KEY (refines_id) REFERENCES llm_run (id),
    CONSTRAINT llm_run_replay_of_fkey FOREIGN KEY (replay_of_id) REFERENCES llm_run (id),
    CONSTRAINT llm_run_repair_of_fkey FOREIGN KEY (repair_of_id) REFERENCES llm_run (id),
    CONSTRAINT llm_run_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT llm_run_workflow_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id),
    CONSTRAINT llm_run_action_split_fkey FOREIGN KEY (llm_action_split_id) REFERENCES llm_action_split (id),
    CONSTRAINT llm_run_repair_check CHECK ((repair_of_id IS NULL) = (repair_number = 0)),
    CONSTRAINT llm_run_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_run_api_token_fkey FOREIGN KEY (api_token_id) REFERENCES api_token (id),
    CONSTRAINT llm_run_idempotency_key UNIQUE (app_user_id, idempotency_key),
    CONSTRAINT llm_run_status_check
        CHECK (status IN ('queued', 'running', 'succeeded', 'invalid', 'failed', 'cancelled')),
    CONSTRAINT llm_run_purpose_check CHECK (purpose IN ('use', 'test', 'case')),
    CONSTRAINT llm_run_finished_check
        CHECK ((finished_at IS NOT NULL) = (status IN ('succeeded', 'invalid', 'failed', 'cancelled'))),
    CONSTRAINT llm_run_error_check CHECK ((error_kind IS NOT NULL) = (status = 'failed')),
    CONSTRAINT llm_run_cost_check CHECK ((cost IS NULL) = (cost_currency IS NULL))
);
CREATE INDEX IF NOT EXISTS llm_run_status_idx ON llm_run (status, id) WHERE status IN ('queued', 'running');
CREATE INDEX IF NOT EXISTS llm_run_app_user_idx ON llm_run (app_user_id, id);
CREATE INDEX IF NOT EXISTS llm_run_action_version_idx ON llm_run (llm_action_version_id, id);
CREATE INDEX IF NOT EXISTS llm_run_model_idx ON llm_run (llm_model_id, id);
CREATE INDEX IF NOT EXISTS llm_run_unsuccessful_idx ON llm_run (status, id) WHERE status IN ('invalid', 'failed', 'cancelled');
CREATE INDEX IF NOT EXISTS llm_run_error_idx ON llm_run (error_kind, id) WHERE error_kind IS NOT NULL;
CREATE INDEX IF NOT EXISTS llm_run_action_split_idx ON llm_run (llm_action_split_id, id) WHERE llm_action_split_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS llm_run_created_idx ON llm_run (created_at);
CREATE INDEX IF NOT EXISTS llm_run_finished_idx ON llm_run (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS llm_run_retry_of_idx ON llm_run (retry_of_id) WHERE retry_of_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS llm_run_replay_of_idx ON llm_run (replay_of_id) WHERE replay_of_id IS NOT NULL;
COMMENT ON TABLE llm_run IS
    'One execution of one action version. What is stored is what was sent and what came back, byte for byte.';
CREATE INDEX IF NOT EXISTS llm_run_refines_idx ON llm_run (refines_id) WHERE refines_id IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS llm_run_repair_of_key ON llm_run (repair_of_id) WHERE repair_of_id IS NOT NULL;
COMMENT ON COLUMN llm_run.purpose IS
    'use: somebody''s work. test: tried on the bench. case: one of an action''s cases, or the judging of one. Only use counts for editors.';
COMMENT ON COLUMN llm_run.llm_model_id IS 'The model that answers; another one than at first after a fallback, see llm_run_try.';
COMMENT ON COLUMN llm_run.retry_of_id IS 'The run that a person started again. NULL: none.';
COMMENT ON COLUMN llm_run.refines_id IS 'The run whose answer this one goes on from, with the words of its last message. NULL: none.';
COMMENT ON COLUMN llm_run.replay_of_id IS 'The run whose request is sent once more, byte for byte. NULL: none.';
COMMENT ON COLUMN llm_run.post_id IS
    'The post its values came from, also those of a test, a case, a repair or the same bytes once more: who may not see it may not see the run. NULL: none.';
COMMENT ON COLUMN llm_run.workflow_field_id IS 'The field it was started for, by which usage is counted. NULL: a run by itself.';
COMMENT ON COLUMN llm_run.llm_action_split_id IS 'The split that chose its version by the post. NULL: none did.';
COMMENT ON COLUMN llm_run.messages_dropped_at IS
    'When messages, inputs and request were let go, as llm_retention says. NULL: they are kept.';
COMMENT ON COLUMN llm_run.reply_dropped_at IS 'When the raw reply was let go, as llm_retention says. NULL: it is kept.';
COMMENT ON COLUMN llm_run.repair_of_id IS 'The run whose reply failed its checks and is mended here. NULL: not a repair.';
COMMENT ON COLUMN llm_run.attempt IS 'Which take-up this is; a worker that lost its run cannot write to it any more.';
COMMENT ON COLUMN llm_run.inputs IS
    'The values the parts and validators read, as they were when the run was created. Of what was let go only the names are left.';
COMMENT ON COLUMN llm_run.fence IS 'The delimiter around data parts, made for this run.';
COMMENT ON COLUMN llm_run.idempotency_digest IS 'SHA-256 of the request that used the key, so that another request with it is refused.';
COMMENT ON COLUMN llm_run.messages IS
    'The exact messages, assembled when the run was created: [{role, content, part_id, part_version, part_name, part_kind, marks}].';
COMMENT ON COLUMN llm_run.request_body IS 'The exact body of the request. NULL: never sent.';
COMMENT ON COLUMN llm_run.dropped IS 'Parameters or messages not sent as set, with the reason: [{name, reason}].';
COMMENT ON COLUMN llm_run.raw_reply IS 'The bytes of the reply as they came. NULL: none came.';
COMMENT ON COLUMN llm_run.output IS 'The text that came, also of a failed run.';
COMMENT ON COLUMN llm_run.checked_output IS 'The output in its type''s own form. NULL: it did not pass, or none came.';
COMMENT ON COLUMN llm_run.usage_input IS 'All prompt tokens, cached ones included. NULL: the provider did not say.';
COMMENT ON COLUMN llm_run.cost IS 'NULL: unknown.';

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'field_revision_run_fkey') THEN
        ALTER TABLE field_revision ADD CONSTRAINT field_revision_run_fkey
            FOREIGN KEY (llm_run_id) REFERENCES llm_run (id);
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS llm_run_try (
    id             bigint      GENERATED ALWAYS AS IDENTITY,
    llm_run_id     bigint      NOT NULL,
    llm_model_id   bigint      NOT NULL,
    request_url    text,
    request_body   text,
    raw_reply      bytea,
    error_kind     text        NOT NULL,
    error_message  text        NOT NULL,
    waited_seconds numeric(9, 3),
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT llm_run_try_pkey PRIMARY KEY (id),
    CONSTRAINT llm_run_try_run_fkey FOREIGN KEY (llm_run_id) REFERENCES llm_run (id),
    CONSTRAINT llm_run_try_llm_model_fkey FOREIGN KEY (llm_model_id) REFERENCES llm_model (id)
);
CREATE INDEX IF NOT EXISTS llm_run_try_run_idx ON llm_run_try (llm_run_id, id);
COMMENT ON TABLE llm_run_try IS 'Calls of a run that failed and were followed by another. The last call is the run itself.';
COMMENT ON COLUMN llm_run_try.request_body IS 'NULL: refused before a request was made.';
COMMENT ON COLUMN llm_run_try.waited_seconds IS 'Before the same model was asked again. NULL: the fallback model was asked instead.';

CREATE TABLE IF NOT EXISTS llm_run_event (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    llm_run_id bigint NOT NULL,
    kind       text   NOT NULL,
    data       jsonb  NOT NULL,
    CONSTRAINT llm_run_event_pkey PRIMARY KEY (id),
    CONSTRAINT llm_run_event_llm_run_fkey FOREIGN KEY (llm_run_id) REFERENCES llm_run (id),
    CONSTRAINT llm_run_event_kind_check CHECK (kind IN ('started', 'retrying', 'text', 'reasoning', 'done'))
);
CREATE INDEX IF NOT EXISTS llm_run_event_run_idx ON llm_run_event (llm_run_id, id);
COMMENT ON TABLE llm_run_event IS
    'What watchers of a run are told, in order. Pruned after a run has ended: the run itself holds the whole reply.';
COMMENT ON COLUMN llm_run_event.kind IS 'started also follows a restart after a killed worker: what was shown before is void.';

-- ---------------------------------------------------------------------------------------------
-- Tests on the bench, cases, and the gate before going live
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS llm_trial (
    id              bigint      GENERATED ALWAYS AS IDENTITY,
    llm_action_id   bigint      NOT NULL,
    inputs          jsonb       NOT NULL,
    post_id         bigint,
    post_section_id bigint,
    app_user_id     bigint,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_trial_pkey PRIMARY KEY (id),
    CONSTRAINT llm_trial_action_fkey FOREIGN KEY (llm_action_id) REFERENCES llm_action (id),
    CONSTRAINT llm_trial_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT llm_trial_section_fkey FOREIGN KEY (post_id, post_section_id) REFERENCES post_section (post_id, id),
    CONSTRAINT llm_trial_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS llm_trial_action_idx ON llm_trial (llm_action_id, id);
COMMENT ON TABLE llm_trial IS
    'A test on the bench: one input, answered by one to four models or versions side by side. Its runs have no target.';
COMMENT ON COLUMN llm_trial.inputs IS 'All values there were, in the form of llm_run.inputs, so that a case kept of it serves later versions too.';
COMMENT ON COLUMN llm_trial.post_id IS 'Where the values came from. NULL: typed by hand.';
COMMENT ON COLUMN llm_trial.post_section_id IS 'NULL: the post as a whole.';

CREATE TABLE IF NOT EXISTS llm_trial_run (
    llm_trial_id bigint  NOT NULL,
    position     integer NOT NULL,
    llm_run_id   bigint  NOT NULL,
    part_version_ids bigint[] NOT NULL DEFAULT '{}',
    CONSTRAINT llm_trial_run_pkey PRIMARY KEY (llm_trial_id, position),
    CONSTRAINT llm_trial_run_run_key UNIQUE (llm_run_id),
    CONSTRAINT llm_trial_run_trial_fkey FOREIGN KEY (llm_trial_id) REFERENCES llm_trial (id),
    CONSTRAINT llm_trial_run_run_fkey FOREIGN KEY (llm_run_id) REFERENCES llm_run (id),
    CONSTRAINT llm_trial_run_position_check CHECK (position BETWEEN 1 AND 4)
);
COMMENT ON TABLE llm_trial_run IS 'The runs of a test from left to right. A repair of one is found through llm_run.repair_of_id.';
COMMENT ON COLUMN llm_trial_run.part_version_ids IS 'Versions of parts that were sent in place of their live wordings, in ascending order.';

CREATE TABLE IF NOT EXISTS llm_case (
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    llm_action_id bigint      NOT NULL,
    name          text        NOT NULL,
    is_required   boolean     NOT NULL DEFAULT false,
    post_id       bigint,
    archived_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_case_pkey PRIMARY KEY (id),
    CONSTRAINT llm_case_name_key UNIQUE (llm_action_id, name),
    CONSTRAINT llm_case_name_check CHECK (name <> ''),
    CONSTRAINT llm_case_action_fkey FOREIGN KEY (llm_action_id) REFERENCES llm_action (id),
    CONSTRAINT llm_case_post_fkey FOREIGN KEY (post_id) REFERENCES post (id)
);
COMMENT ON TABLE llm_case IS 'An input that an action is tried on again and again, and what its answers are held to. The newest llm_case_version counts.';
COMMENT ON COLUMN llm_case.post_id IS
    'The post its values came from: who may not see that, or a field it holds, sees no more of the case than its name. NULL: typed by hand.';
COMMENT ON COLUMN llm_case.is_required IS 'A version is made live only when it has passed this case, or somebody says why not.';

CREATE TABLE IF NOT EXISTS llm_case_version (
    id              bigint        GENERATED ALWAYS AS IDENTITY,
    llm_case_id     bigint        NOT NULL,
    number          integer       NOT NULL,
    inputs          jsonb         NOT NULL,
    checks          jsonb         NOT NULL DEFAULT '[]',
    reference       text          NOT NULL DEFAULT '',
    judge_action_id bigint,
    judge_model_id  bigint,
    judge_criteria  text          NOT NULL DEFAULT '',
    judge_least     numeric(9, 3),
    app_user_id     bigint,
    created_at      timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT llm_case_version_pkey PRIMARY KEY (id),
    CONSTRAINT llm_case_version_number_key UNIQUE (llm_case_id, number),
    CONSTRAINT llm_case_version_case_fkey FOREIGN KEY (llm_case_id) REFERENCES llm_case (id),
    CONSTRAINT llm_case_version_judge_action_fkey FOREIGN KEY (judge_action_id) REFERENCES llm_action (id),
    CONSTRAINT llm_case_version_judge_model_fkey FOREIGN KEY (judge_model_id) REFERENCES llm_model (id),
    CONSTRAINT llm_case_version_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_case_version_judge_check CHECK ((judge_action_id IS NULL) = (judge_least IS NULL)),
    CONSTRAINT llm_case_version_judge_model_check CHECK (judge_model_id IS NULL OR judge_action_id IS NOT NULL)
);
COMMENT ON TABLE llm_case_version IS 'One immutable content of a case. A change is a new row, and what was found before counts no longer.';
COMMENT ON COLUMN llm_case_version.inputs IS 'In the form of llm_run.inputs.';
COMMENT ON COLUMN llm_case_version.checks IS 'Beyond the action''s own output type: [{rule, ...}].';
COMMENT ON COLUMN llm_case_version.reference IS 'An answer one would like, for the check similar and for the judge. Empty: none.';
COMMENT ON COLUMN llm_case_version.judge_action_id IS 'An action that is asked for a verdict on the answer. NULL: no model judges.';
COMMENT ON COLUMN llm_case_version.judge_model_id IS 'NULL: the model the judging action names.';
COMMENT ON COLUMN llm_case_version.judge_least IS 'The score an answer needs. NULL: no model judges.';

CREATE TABLE IF NOT EXISTS llm_gate (
    llm_action_id bigint      NOT NULL,
    least_percent integer     NOT NULL,
    app_user_id   bigint,
    changed_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_gate_pkey PRIMARY KEY (llm_action_id),
    CONSTRAINT llm_gate_action_fkey FOREIGN KEY (llm_action_id) REFERENCES llm_action (id),
    CONSTRAINT llm_gate_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_gate_least_percent_check CHECK (least_percent BETWEEN 1 AND 100)
);
COMMENT ON TABLE llm_gate IS 'How many of an action''s cases a version must have passed to be made live, beside those that are required. No row: none.';

CREATE TABLE IF NOT EXISTS llm_case_batch (
    id                    bigint      GENERATED ALWAYS AS IDENTITY,
    llm_action_id         bigint      NOT NULL,
    llm_action_version_id bigint      NOT NULL,
    llm_model_id          bigint      NOT NULL,
    wordings              text        NOT NULL,
    part_version_ids      bigint[]    NOT NULL DEFAULT '{}',
    app_user_id           bigint,
    created_at            timestamptz NOT NULL DEFAULT now(),
    stopped_at            timestamptz,
    CONSTRAINT llm_case_batch_pkey PRIMARY KEY (id),
    CONSTRAINT llm_case_batch_version_fkey FOREIGN KEY (llm_action_id, llm_action_version_id)
        REFERENCES llm_action_version (llm_action_id, id),
    CONSTRAINT llm_case_batch_model_fkey FOREIGN KEY (llm_model_id) REFERENCES llm_model (id),
    CONSTRAINT llm_case_batch_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id)
);
CREATE INDEX IF NOT EXISTS llm_case_batch_action_idx ON llm_case_batch (llm_action_id, id);
COMMENT ON TABLE llm_case_batch IS 'All cases of an action run on one version with one model. How far it is follows from its runs.';
COMMENT ON COLUMN llm_case_batch.wordings IS
    'Which wording of each part was sent, such as 12v3 14v1: with others, what was found here says nothing about the version any more.';
COMMENT ON COLUMN llm_case_batch.part_version_ids IS 'Wordings that were sent in place of the live ones of their parts.';
COMMENT ON COLUMN llm_case_batch.stopped_at IS 'NULL: nobody stopped it, or it was gone on with.';

CREATE TABLE IF NOT EXISTS llm_case_result (
    id                  bigint        GENERATED ALWAYS AS IDENTITY,
    llm_case_batch_id   bigint        NOT NULL,
    llm_case_version_id bigint        NOT NULL,
    problem             text          NOT NULL DEFAULT '',
    verdict             text,
    checks              jsonb         NOT NULL DEFAULT '[]',
    score               numeric(9, 3),
    decided_at          timestamptz,
    CONSTRAINT llm_case_result_pkey PRIMARY KEY (id),
    CONSTRAINT llm_case_result_case_key UNIQUE (llm_case_batch_id, llm_case_version_id),
    CONSTRAINT llm_case_result_batch_fkey FOREIGN KEY (llm_case_batch_id) REFERENCES llm_case_batch (id),
    CONSTRAINT llm_case_result_case_fkey FOREIGN KEY (llm_case_version_id) REFERENCES llm_case_version (id),
    CONSTRAINT llm_case_result_verdict_check CHECK (verdict IN ('passed', 'failed')),
    CONSTRAINT llm_case_result_decided_check CHECK ((decided_at IS NULL) = (verdict IS NULL))
);
CREATE INDEX IF NOT EXISTS llm_case_result_version_idx ON llm_case_result (llm_case_version_id, id);
COMMENT ON TABLE llm_case_result IS 'How one case went in one batch. Written in the transaction that ends its run; before that, its run says how far it is.';
COMMENT ON COLUMN llm_case_result.problem IS 'Why it could not be begun, such as an input that is missing. Empty: it could.';
COMMENT ON COLUMN llm_case_result.verdict IS 'NULL: no answer that could be checked, or a judge that has not judged. Never a pass.';
COMMENT ON COLUMN llm_case_result.checks IS 'What the answer was held to: [{rule, asked, problem, score}]; an empty problem is a check that holds.';
COMMENT ON COLUMN llm_case_result.score IS 'The judge''s. NULL: none was given.';

CREATE TABLE IF NOT EXISTS llm_case_run (
    llm_run_id         bigint  NOT NULL,
    llm_case_result_id bigint  NOT NULL,
    is_judge           boolean NOT NULL,
    CONSTRAINT llm_case_run_pkey PRIMARY KEY (llm_run_id),
    CONSTRAINT llm_case_run_run_fkey FOREIGN KEY (llm_run_id) REFERENCES llm_run (id),
    CONSTRAINT llm_case_run_result_fkey FOREIGN KEY (llm_case_result_id) REFERENCES llm_case_result (id)
);
CREATE INDEX IF NOT EXISTS llm_case_run_result_idx ON llm_case_run (llm_case_result_id, llm_run_id);
COMMENT ON TABLE llm_case_run IS 'The runs of a result, its repairs and those that judge it. The newest counts; all of them cost.';

-- ---------------------------------------------------------------------------------------------
-- Automation: runs for fields, and their suggestions
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS automation_batch (
    id                    bigint      GENERATED ALWAYS AS IDENTITY,
    post_id               bigint      NOT NULL,
    workflow_field_id     bigint,
    workflow_sub_stage_id bigint,
    acceptance            text        NOT NULL DEFAULT 'review',
    llm_model_id          bigint,
    app_user_id           bigint      NOT NULL,
    created_at            timestamptz NOT NULL DEFAULT now(),
    stopped_at            timestamptz,
    CONSTRAINT automation_batch_pkey PRIMARY KEY (id),
    CONSTRAINT automation_batch_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT automation_batch_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id),
    CONSTRAINT automation_batch_sub_stage_fkey FOREIGN KEY (workflow_sub_stage_id) REFERENCES workflow_sub_stage (id),
    CONSTRAINT automation_batch_model_fkey FOREIGN KEY (llm_model_id) REFERENCES llm_model (id),
    CONSTRAINT automation_batch_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT automation_batch_what_check CHECK (num_nonnulls(workflow_field_id, workflow_sub_stage_id) = 1),
    CONSTRAINT automation_batch_acceptance_check CHECK (acceptance IN ('review', 'checks'))
);
CREATE INDEX IF NOT EXISTS automation_batch_post_idx ON automation_batch (post_id, id);
COMMENT ON TABLE automation_batch IS
    'Many runs begun at one press: a field in every section, or the fields of a sub-stage one after the other. How far it is follows from its runs.';
COMMENT ON COLUMN automation_batch.workflow_sub_stage_id IS 'NULL: a field in every section, and all runs begin at once.';
COMMENT ON COLUMN automation_batch.acceptance IS 'review: each suggestion waits for a person. checks: it is accepted when its checks pass and its base is current.';
COMMENT ON COLUMN automation_batch.llm_model_id IS 'NULL: the model each action names.';
COMMENT ON COLUMN automation_batch.app_user_id IS 'Who began it, in whose name it goes on.';
COMMENT ON COLUMN automation_batch.stopped_at IS 'NULL: nobody stopped it.';

CREATE TABLE IF NOT EXISTS automation_batch_step (
    id                  bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    automation_batch_id bigint NOT NULL,
    post_id             bigint NOT NULL,
    post_section_id     bigint,
    workflow_field_id   bigint NOT NULL,
    problem             text   NOT NULL DEFAULT '',
    CONSTRAINT automation_batch_step_pkey PRIMARY KEY (id),
    CONSTRAINT automation_batch_step_batch_fkey FOREIGN KEY (automation_batch_id) REFERENCES automation_batch (id),
    CONSTRAINT automation_batch_step_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT automation_batch_step_section_fkey FOREIGN KEY (post_id, post_section_id) REFERENCES post_section (post_id, id),
    CONSTRAINT automation_batch_step_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id)
);
CREATE INDEX IF NOT EXISTS automation_batch_step_batch_idx ON automation_batch_step (automation_batch_id, id);
COMMENT ON TABLE automation_batch_step IS 'One field a batch automates. Its runs name it; the newest one counts. In the order of ids.';
COMMENT ON COLUMN automation_batch_step.problem IS 'Why it is left out, such as an input that is empty. Empty: it is not.';

CREATE TABLE IF NOT EXISTS workflow_automation (
    id                bigint      GENERATED ALWAYS AS IDENTITY,
    llm_run_id        bigint      NOT NULL,
    post_id           bigint      NOT NULL,
    post_section_id   bigint,
    workflow_field_id bigint      NOT NULL,
    base_revision_id  bigint,
    selection_start   integer,
    selection_end     integer,
    selection_text    text,
    automation_batch_step_id bigint,
    created_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT workflow_automation_pkey PRIMARY KEY (id),
    CONSTRAINT workflow_automation_run_key UNIQUE (llm_run_id),
    CONSTRAINT workflow_automation_run_fkey FOREIGN KEY (llm_run_id) REFERENCES llm_run (id),
    CONSTRAINT workflow_automation_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT workflow_automation_section_fkey FOREIGN KEY (post_id, post_section_id) REFERENCES post_section (post_id, id),
    CONSTRAINT workflow_automation_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id),
    CONSTRAINT workflow_automation_base_fkey FOREIGN KEY (base_revision_id) REFERENCES field_revision (id),
    CONSTRAINT workflow_automation_step_fkey FOREIGN KEY (automation_batch_step_id) REFERENCES automation_batch_step (id),
    CONSTRAINT workflow_automation_selection_check
        CHECK (num_nulls(selection_start, selection_end, selection_text) IN (0, 3)),
    CONSTRAINT workflow_automation_selection_base_check CHECK (selection_start IS NULL OR base_revision_id IS NOT NULL),
    CONSTRAINT workflow_automation_selection_text_check CHECK (
        selection_start IS NULL
        OR (selection_start >= 0 AND selection_end > selection_start
            AND char_length(selection_text) = selection_end - selection_start))
);
CREATE INDEX IF NOT EXISTS workflow_automation_step_idx
    ON workflow_automation (automation_batch_step_id, id) WHERE automation_batch_step_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS workflow_automation_target_idx
    ON workflow_automation (post_id, workflow_field_id, post_section_id, id);
COMMENT ON TABLE workflow_automation IS 'The target of a run: the field of the post or section it was started for.';
COMMENT ON COLUMN workflow_automation.base_revision_id IS 'What the field held then. NULL: it was empty.';
COMMENT ON COLUMN workflow_automation.selection_start IS
    'The first character of the passage of that revision which the run is about, counted from 0. NULL: about the whole field.';
COMMENT ON COLUMN workflow_automation.selection_end IS 'The one behind its last character. NULL: about the whole field.';
COMMENT ON COLUMN workflow_automation.selection_text IS 'The passage itself. NULL: about the whole field.';
COMMENT ON COLUMN workflow_automation.automation_batch_step_id IS 'NULL: started by itself.';

CREATE TABLE IF NOT EXISTS suggestion (
    id                     bigint      GENERATED ALWAYS AS IDENTITY,
    workflow_automation_id bigint      NOT NULL,
    value                  text        NOT NULL,
    status                 text        NOT NULL DEFAULT 'waiting',
    app_user_id            bigint,
    field_revision_id      bigint,
    reason                 text        NOT NULL DEFAULT '',
    created_at             timestamptz NOT NULL DEFAULT now(),
    decided_at             timestamptz,
    kept_share             numeric(7, 6),
    measured_revision_id   bigint,
    CONSTRAINT suggestion_pkey PRIMARY KEY (id),
    CONSTRAINT suggestion_automation_key UNIQUE (workflow_automation_id),
    CONSTRAINT suggestion_automation_fkey FOREIGN KEY (workflow_automation_id) REFERENCES workflow_automation (id),
    CONSTRAINT suggestion_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT suggestion_field_revision_fkey FOREIGN KEY (field_revision_id) REFERENCES field_revision (id),
    CONSTRAINT suggestion_measured_revision_fkey FOREIGN KEY (measured_revision_id) REFERENCES field_revision (id),
    CONSTRAINT suggestion_kept_share_check CHECK (kept_share BETWEEN 0 AND 1),
    CONSTRAINT suggestion_status_check CHECK (status IN ('waiting', 'accepted', 'accepted_in_part', 'discarded')),
    CONSTRAINT suggestion_decided_check CHECK ((decided_at IS NULL) = (status = 'waiting')),
    CONSTRAINT suggestion_revision_check
        CHECK ((field_revision_id IS NOT NULL) = (status IN ('accepted', 'accepted_in_part')))
);
CREATE INDEX IF NOT EXISTS suggestion_waiting_idx ON suggestion (workflow_automation_id) WHERE status = 'waiting';
COMMENT ON TABLE suggestion IS
    'A run''s checked output, offered against the base revision of its automation. One per run. Stale when that base is no longer current: derived, not stored.';
COMMENT ON COLUMN suggestion.value IS 'In the form a revision has.';
COMMENT ON COLUMN suggestion.app_user_id IS 'Who decided. NULL: waiting.';
COMMENT ON COLUMN suggestion.field_revision_id IS 'The revision it became. NULL: none.';
COMMENT ON COLUMN suggestion.kept_share IS
    'How much of the accepted text, in words, was still there in measured_revision_id. NULL: not measured, or without words.';
COMMENT ON COLUMN suggestion.measured_revision_id IS
    'The field''s last revision before a model''s words came into it again, as far as it was looked at. NULL: not measured.';

CREATE TABLE IF NOT EXISTS presence (
    post_id           bigint      NOT NULL,
    app_user_id       bigint      NOT NULL,
    post_section_id   bigint,
    workflow_field_id bigint      NOT NULL,
    seen_at           timestamptz NOT NULL,
    CONSTRAINT presence_pkey PRIMARY KEY (post_id, app_user_id),
    CONSTRAINT presence_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT presence_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT presence_section_fkey FOREIGN KEY (post_id, post_section_id) REFERENCES post_section (post_id, id),
    CONSTRAINT presence_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id)
);
COMMENT ON TABLE presence IS
    'Where in a post somebody was last editing, told to the others for half a minute. Locks nothing.';

-- ---------------------------------------------------------------------------------------------
-- Insight: what is counted of runs, what is looked for in them, how long they are kept
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS llm_usage (
    span                  text    NOT NULL,
    day                   date    NOT NULL,
    facet                 text    NOT NULL,
    llm_action_id         bigint,
    llm_action_version_id bigint,
    llm_model_id          bigint,
    app_user_id           bigint,
    workflow_field_id     bigint,
    purpose               text    NOT NULL,
    cost_currency         text    NOT NULL,
    runs                  integer NOT NULL,
    succeeded             integer NOT NULL,
    invalid               integer NOT NULL,
    failed                integer NOT NULL,
    cancelled             integer NOT NULL,
    cost                  numeric NOT NULL,
    usage_input           bigint  NOT NULL,
    usage_output          bigint  NOT NULL,
    usage_cached          bigint  NOT NULL,
    usage_reasoning       bigint  NOT NULL,
    untold                integer NOT NULL,
    seconds               integer[] STORAGE PLAIN NOT NULL,
    first_text            integer[] STORAGE PLAIN NOT NULL,
    CONSTRAINT llm_usage_key UNIQUE NULLS NOT DISTINCT (facet, span, day, llm_action_id, llm_action_version_id,
        llm_model_id, app_user_id, workflow_field_id, purpose, cost_currency),
    CONSTRAINT llm_usage_action_fkey FOREIGN KEY (llm_action_id) REFERENCES llm_action (id),
    CONSTRAINT llm_usage_action_version_fkey FOREIGN KEY (llm_action_version_id) REFERENCES llm_action_version (id),
    CONSTRAINT llm_usage_model_fkey FOREIGN KEY (llm_model_id) REFERENCES llm_model (id),
    CONSTRAINT llm_usage_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_usage_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id),
    CONSTRAINT llm_usage_span_check CHECK (span = 'day' OR span = 'month' AND extract(day FROM day) = 1),
    CONSTRAINT llm_usage_facet_check CHECK (facet IN ('total', 'model', 'action', 'version', 'person', 'field')),
    CONSTRAINT llm_usage_purpose_check CHECK (purpose IN ('use', 'test', 'case')),
    CONSTRAINT llm_usage_histogram_check CHECK (cardinality(seconds) = 24 AND cardinality(first_text) = 24)
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS llm_usage_version_idx ON llm_usage (llm_action_version_id, span, day)
    WHERE llm_action_version_id IS NOT NULL;
COMMENT ON TABLE llm_usage IS
    'Ended runs counted by day, by month and by one facet of theirs, many at a time soon after they ended, so that no page counts all runs. Each facet counts every run once, but “version” only those for a field.';
COMMENT ON COLUMN llm_usage.span IS 'What a row is the count of: a day, or a month, which is the sum of its days, so that a long period reads few rows.';
COMMENT ON COLUMN llm_usage.day IS 'The day the runs ended, in UTC; of a month its first.';
COMMENT ON COLUMN llm_usage.facet IS 'What the rows are counted by; “total” is by nothing, “version” is by version of an action and model together.';
COMMENT ON COLUMN llm_usage.app_user_id IS 'Under “person” NULL is BlogForge itself.';
COMMENT ON COLUMN llm_usage.workflow_field_id IS 'Under “field” NULL is runs by themselves.';
COMMENT ON COLUMN llm_usage.cost_currency IS 'Sums of two currencies are never added. Empty: runs whose cost is unknown, which is not 0.';
COMMENT ON COLUMN llm_usage.untold IS 'Runs whose provider did not say how many tokens went in or came out; they are in no sum of tokens.';
COMMENT ON COLUMN llm_usage.seconds IS
    'A histogram of how long runs took from start to end; its bounds are in blog/app/llm/runs/histogram.py. Never-started runs are in none.';
COMMENT ON COLUMN llm_usage.first_text IS 'The same of the time to the first text. Both are stored plain, so that a sum reads their places without unpacking them 24 times.';

CREATE TABLE IF NOT EXISTS llm_usage_failure (
    day          date    NOT NULL,
    llm_model_id bigint  NOT NULL,
    error_kind   text    NOT NULL,
    runs         integer NOT NULL,
    CONSTRAINT llm_usage_failure_pkey PRIMARY KEY (day, llm_model_id, error_kind),
    CONSTRAINT llm_usage_failure_model_fkey FOREIGN KEY (llm_model_id) REFERENCES llm_model (id)
);
COMMENT ON TABLE llm_usage_failure IS 'Failed runs counted by day, model and kind of error, as llm_usage.';

CREATE TABLE IF NOT EXISTS llm_usage_waiting (
    llm_run_id bigint NOT NULL,
    CONSTRAINT llm_usage_waiting_pkey PRIMARY KEY (llm_run_id),
    CONSTRAINT llm_usage_waiting_run_fkey FOREIGN KEY (llm_run_id) REFERENCES llm_run (id)
);
COMMENT ON TABLE llm_usage_waiting IS
    'Runs that have ended and are in neither llm_usage nor llm_usage_failure yet; the worker counts them within seconds, and whoever reads usage before. So no run that ends waits for the rows that others add to.';

CREATE TABLE IF NOT EXISTS llm_run_words (
    llm_run_id bigint NOT NULL,
    words      tsvector,
    CONSTRAINT llm_run_words_pkey PRIMARY KEY (llm_run_id),
    CONSTRAINT llm_run_words_run_fkey FOREIGN KEY (llm_run_id) REFERENCES llm_run (id)
);
CREATE INDEX IF NOT EXISTS llm_run_words_search_idx ON llm_run_words USING gin (words);
CREATE INDEX IF NOT EXISTS llm_run_words_waiting_idx ON llm_run_words (llm_run_id) WHERE words IS NULL;
COMMENT ON TABLE llm_run_words IS
    'What a search among runs looks for: the words of an ended run''s answer and messages. Apart from the run, so that no stream waits for it.';
COMMENT ON COLUMN llm_run_words.words IS 'NULL: the worker has not come to it yet; it does within seconds.';

CREATE TABLE IF NOT EXISTS llm_retention (
    what        text        NOT NULL,
    status      text        NOT NULL,
    days        integer     NOT NULL,
    app_user_id bigint      NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT llm_retention_pkey PRIMARY KEY (what, status),
    CONSTRAINT llm_retention_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT llm_retention_what_check CHECK (what IN ('reply', 'messages', 'run')),
    CONSTRAINT llm_retention_status_check CHECK (status IN ('succeeded', 'invalid', 'failed', 'cancelled')),
    CONSTRAINT llm_retention_days_check CHECK (days BETWEEN 1 AND 36500)
);
COMMENT ON TABLE llm_retention IS 'How many days after a run has ended what of it is let go. No row: it is kept for ever.';
COMMENT ON COLUMN llm_retention.what IS
    'reply: the raw bytes that came. messages: messages, inputs and request. run: all of it, unless words of a post came from it.';

CREATE TABLE IF NOT EXISTS llm_run_removal (
    day  date    NOT NULL,
    runs integer NOT NULL,
    CONSTRAINT llm_run_removal_pkey PRIMARY KEY (day)
);
COMMENT ON TABLE llm_run_removal IS
    'How many runs that ended on a day are gone by llm_retention. What was counted of such a day is not counted again from the runs that are left.';

CREATE TABLE IF NOT EXISTS suggestion_usage (
    span                  text    NOT NULL,
    day                   date    NOT NULL,
    llm_action_version_id bigint  NOT NULL,
    llm_model_id          bigint  NOT NULL,
    status                text    NOT NULL,
    cost_currency         text    NOT NULL,
    suggestions           integer NOT NULL,
    cost                  numeric NOT NULL,
    measured              integer NOT NULL,
    kept                  numeric NOT NULL,
    CONSTRAINT suggestion_usage_pkey PRIMARY KEY (llm_action_version_id, span, day, llm_model_id, status, cost_currency),
    CONSTRAINT suggestion_usage_action_version_fkey FOREIGN KEY (llm_action_version_id) REFERENCES llm_action_version (id),
    CONSTRAINT suggestion_usage_model_fkey FOREIGN KEY (llm_model_id) REFERENCES llm_model (id),
    CONSTRAINT suggestion_usage_span_check CHECK (span = 'day' OR span = 'month' AND extract(day FROM day) = 1),
    CONSTRAINT suggestion_usage_status_check CHECK (status IN ('waiting', 'accepted', 'accepted_in_part', 'discarded'))
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS suggestion_usage_day_idx ON suggestion_usage (span, day);
COMMENT ON TABLE suggestion_usage IS
    'What became of suggestions, counted by version of an action and model in the transaction that decides. Tests and cases are in none.';
COMMENT ON COLUMN suggestion_usage.span IS 'As in llm_usage: a day, or a month, which is the sum of its days.';
COMMENT ON COLUMN suggestion_usage.day IS 'The day their runs ended, in UTC; of a month its first.';
COMMENT ON COLUMN suggestion_usage.cost_currency IS 'As in llm_usage. Empty: runs whose cost is unknown.';
COMMENT ON COLUMN suggestion_usage.measured IS 'How many have a kept_share; kept is the sum of those.';

CREATE TABLE IF NOT EXISTS suggestion_measuring (
    id                boolean NOT NULL DEFAULT true,
    field_revision_id bigint  NOT NULL,
    CONSTRAINT suggestion_measuring_pkey PRIMARY KEY (id),
    CONSTRAINT suggestion_measuring_only_check CHECK (id),
    CONSTRAINT suggestion_measuring_revision_fkey FOREIGN KEY (field_revision_id) REFERENCES field_revision (id)
);
COMMENT ON TABLE suggestion_measuring IS
    'How far the revisions have been looked at for what was kept of accepted suggestions. One row, or none before the first.';

-- ---------------------------------------------------------------------------------------------
-- Review: how far each sub-stage is, who has it, what people say about it
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS post_sub_stage (
    workflow_id           bigint      NOT NULL,
    post_id               bigint      NOT NULL,
    workflow_sub_stage_id bigint      NOT NULL,
    status                text        NOT NULL DEFAULT 'not_started',
    note                  text        NOT NULL DEFAULT '',
    assignee_id           bigint,
    due_on                date,
    updated_by_id         bigint,
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT post_sub_stage_pkey PRIMARY KEY (post_id, workflow_sub_stage_id),
    CONSTRAINT post_sub_stage_post_fkey FOREIGN KEY (workflow_id, post_id) REFERENCES post (workflow_id, id),
    CONSTRAINT post_sub_stage_sub_stage_fkey
        FOREIGN KEY (workflow_id, workflow_sub_stage_id) REFERENCES workflow_sub_stage (workflow_id, id),
    CONSTRAINT post_sub_stage_assignee_fkey FOREIGN KEY (assignee_id) REFERENCES app_user (id),
    CONSTRAINT post_sub_stage_updated_by_fkey FOREIGN KEY (updated_by_id) REFERENCES app_user (id),
    CONSTRAINT post_sub_stage_status_check CHECK (status IN ('not_started', 'in_work', 'ready', 'done', 'blocked'))
);
COMMENT ON TABLE post_sub_stage IS 'How far a post is in one sub-stage, and who has it. No row: not started, nobody''s.';
COMMENT ON COLUMN post_sub_stage.note IS
    'Why it is blocked or was sent back, or what was said when it was handed over. Empty: nothing, or the status changed since.';
COMMENT ON COLUMN post_sub_stage.assignee_id IS 'NULL: nobody in particular.';
COMMENT ON COLUMN post_sub_stage.due_on IS 'NULL: no due date.';
COMMENT ON COLUMN post_sub_stage.updated_by_id IS 'NULL: the system itself.';

CREATE TABLE IF NOT EXISTS post_sub_stage_event (
    id                    bigint      GENERATED ALWAYS AS IDENTITY,
    workflow_id           bigint      NOT NULL,
    post_id               bigint      NOT NULL,
    workflow_sub_stage_id bigint      NOT NULL,
    kind                  text        NOT NULL,
    status_before         text        NOT NULL,
    status_after          text        NOT NULL,
    other_sub_stage_id    bigint,
    caused_by_id          bigint,
    assignee_id           bigint,
    due_on                date,
    note                  text        NOT NULL DEFAULT '',
    app_user_id           bigint,
    api_token_id          bigint,
    created_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT post_sub_stage_event_pkey PRIMARY KEY (id),
    CONSTRAINT post_sub_stage_event_post_fkey FOREIGN KEY (workflow_id, post_id) REFERENCES post (workflow_id, id),
    CONSTRAINT post_sub_stage_event_sub_stage_fkey
        FOREIGN KEY (workflow_id, workflow_sub_stage_id) REFERENCES workflow_sub_stage (workflow_id, id),
    CONSTRAINT post_sub_stage_event_other_fkey
        FOREIGN KEY (workflow_id, other_sub_stage_id) REFERENCES workflow_sub_stage (workflow_id, id),
    CONSTRAINT post_sub_stage_event_caused_by_fkey FOREIGN KEY (caused_by_id) REFERENCES post_sub_stage_event (id),
    CONSTRAINT post_sub_stage_event_assignee_fkey FOREIGN KEY (assignee_id) REFERENCES app_user (id),
    CONSTRAINT post_sub_stage_event_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT post_sub_stage_event_api_token_fkey FOREIGN KEY (api_token_id) REFERENCES api_token (id),
    CONSTRAINT post_sub_stage_event_kind_check CHECK (kind IN (
        'started', 'ready', 'done', 'reopened', 'blocked', 'unblocked', 'handed_over', 'sent_back', 'assigned', 'due',
        'undone')),
    CONSTRAINT post_sub_stage_event_status_check CHECK (
        status_before IN ('not_started', 'in_work', 'ready', 'done', 'blocked')
        AND status_after IN ('not_started', 'in_work', 'ready', 'done', 'blocked')),
    CONSTRAINT post_sub_stage_event_note_check CHECK (note <> '' OR kind NOT IN ('blocked', 'sent_back'))
);
CREATE INDEX IF NOT EXISTS post_sub_stage_event_post_idx ON post_sub_stage_event (post_id, id);
COMMENT ON TABLE post_sub_stage_event IS 'Every change of a sub-stage of a post: who, when, from, to, and in what words. Append-only.';
COMMENT ON COLUMN post_sub_stage_event.other_sub_stage_id IS
    'Where the work went with this, or came from when another event caused it. NULL: it stayed in its sub-stage.';
COMMENT ON COLUMN post_sub_stage_event.caused_by_id IS
    'The event of another sub-stage it came along with, or the one it undoes. NULL: done for its own sake.';
COMMENT ON COLUMN post_sub_stage_event.assignee_id IS 'Who has it after this. NULL: nobody.';
COMMENT ON COLUMN post_sub_stage_event.due_on IS 'Until when, after this. NULL: no due date.';
COMMENT ON COLUMN post_sub_stage_event.app_user_id IS 'NULL: the system itself.';

CREATE TABLE IF NOT EXISTS comment (
    id                bigint      GENERATED ALWAYS AS IDENTITY,
    post_id           bigint      NOT NULL,
    post_section_id   bigint,
    workflow_field_id bigint,
    field_revision_id bigint,
    quote             text        NOT NULL DEFAULT '',
    parent_id         bigint,
    body              text        NOT NULL,
    app_user_id       bigint,
    api_token_id      bigint,
    created_at        timestamptz NOT NULL DEFAULT now(),
    edited_at         timestamptz,
    resolved_by_id    bigint,
    resolved_at       timestamptz,
    removed_at        timestamptz,
    CONSTRAINT comment_pkey PRIMARY KEY (id),
    CONSTRAINT comment_post_key UNIQUE (post_id, id),
    CONSTRAINT comment_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT comment_section_fkey FOREIGN KEY (post_id, post_section_id) REFERENCES post_section (post_id, id),
    CONSTRAINT comment_field_fkey FOREIGN KEY (workflow_field_id) REFERENCES workflow_field (id),
    CONSTRAINT comment_revision_fkey FOREIGN KEY (field_revision_id) REFERENCES field_revision (id),
    CONSTRAINT comment_parent_fkey FOREIGN KEY (post_id, parent_id) REFERENCES comment (post_id, id),
    CONSTRAINT comment_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT comment_api_token_fkey FOREIGN KEY (api_token_id) REFERENCES api_token (id),
    CONSTRAINT comment_resolved_by_fkey FOREIGN KEY (resolved_by_id) REFERENCES app_user (id),
    CONSTRAINT comment_body_check CHECK (length(body) BETWEEN 1 AND 10000),
    CONSTRAINT comment_quote_check CHECK (quote = '' OR (workflow_field_id IS NOT NULL AND length(quote) <= 2000)),
    CONSTRAINT comment_resolved_check CHECK (resolved_by_id IS NULL OR resolved_at IS NOT NULL),
    CONSTRAINT comment_reply_check CHECK (parent_id IS NULL OR (resolved_at IS NULL AND quote = ''))
);
CREATE INDEX IF NOT EXISTS comment_post_idx ON comment (post_id, workflow_field_id, post_section_id, id) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS comment_parent_idx ON comment (parent_id) WHERE parent_id IS NOT NULL;
COMMENT ON TABLE comment IS 'What somebody says about a post, a field or a passage, and the replies to it.';
COMMENT ON COLUMN comment.post_section_id IS 'NULL: about no section in particular.';
COMMENT ON COLUMN comment.workflow_field_id IS 'NULL: about the post or section as a whole.';
COMMENT ON COLUMN comment.field_revision_id IS 'What the field held when it was said. NULL: nothing, or about no field.';
COMMENT ON COLUMN comment.quote IS 'The passage it is about, as it was then. Empty: the whole field.';
COMMENT ON COLUMN comment.parent_id IS 'The comment it replies to, which is never a reply itself. NULL: it begins a thread.';
COMMENT ON COLUMN comment.app_user_id IS 'NULL: the system itself.';
COMMENT ON COLUMN comment.edited_at IS 'NULL: as first written.';
COMMENT ON COLUMN comment.resolved_at IS 'NULL: open. Only the beginning of a thread is resolved.';
COMMENT ON COLUMN comment.removed_at IS 'NULL: shown. The words of a removed one are kept and not shown.';

CREATE TABLE IF NOT EXISTS notification (
    id                      bigint      GENERATED ALWAYS AS IDENTITY,
    app_user_id             bigint      NOT NULL,
    kind                    text        NOT NULL,
    post_id                 bigint      NOT NULL,
    comment_id              bigint,
    post_sub_stage_event_id bigint,
    by_id                   bigint,
    created_at              timestamptz NOT NULL DEFAULT now(),
    read_at                 timestamptz,
    CONSTRAINT notification_pkey PRIMARY KEY (id),
    CONSTRAINT notification_about_key
        UNIQUE NULLS NOT DISTINCT (app_user_id, kind, comment_id, post_sub_stage_event_id),
    CONSTRAINT notification_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT notification_post_fkey FOREIGN KEY (post_id) REFERENCES post (id),
    CONSTRAINT notification_comment_fkey FOREIGN KEY (post_id, comment_id) REFERENCES comment (post_id, id),
    CONSTRAINT notification_event_fkey FOREIGN KEY (post_sub_stage_event_id) REFERENCES post_sub_stage_event (id),
    CONSTRAINT notification_by_fkey FOREIGN KEY (by_id) REFERENCES app_user (id),
    CONSTRAINT notification_kind_check CHECK (kind IN (
        'mentioned', 'replied', 'commented', 'resolved', 'assigned', 'handed_over', 'sent_back', 'ready', 'done', 'blocked')),
    CONSTRAINT notification_about_check CHECK ((comment_id IS NULL) <> (post_sub_stage_event_id IS NULL))
);
CREATE INDEX IF NOT EXISTS notification_app_user_idx ON notification (app_user_id, id DESC);
CREATE INDEX IF NOT EXISTS notification_unread_idx ON notification (app_user_id) WHERE read_at IS NULL;
COMMENT ON TABLE notification IS 'What a person is told, once: a comment or a change of a sub-stage that concerns them.';
COMMENT ON COLUMN notification.by_id IS 'Who did it. NULL: the system itself.';
COMMENT ON COLUMN notification.read_at IS 'NULL: not read yet.';

-- ---------------------------------------------------------------------------------------------
-- Finding: ways to look at the posts
-- ---------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS saved_view (
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    app_user_id bigint      NOT NULL,
    name        text        NOT NULL,
    place       text        NOT NULL,
    query       text        NOT NULL,
    is_shared   boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_view_pkey PRIMARY KEY (id),
    CONSTRAINT saved_view_name_key UNIQUE (app_user_id, name),
    CONSTRAINT saved_view_app_user_fkey FOREIGN KEY (app_user_id) REFERENCES app_user (id),
    CONSTRAINT saved_view_name_check CHECK (length(name) BETWEEN 1 AND 80),
    CONSTRAINT saved_view_place_check CHECK (place IN ('list', 'board'))
);
CREATE INDEX IF NOT EXISTS saved_view_shared_idx ON saved_view (name) WHERE is_shared;
COMMENT ON TABLE saved_view IS 'A choice of posts somebody comes back to, by a name. Holds the question, never the answer.';
COMMENT ON COLUMN saved_view.query IS 'The query of the list or board, as in its address. Empty: all posts.';
COMMENT ON COLUMN saved_view.is_shared IS 'Everybody who reads posts sees it; only its owner changes it.';
