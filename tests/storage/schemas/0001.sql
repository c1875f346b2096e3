-- Schema 0001 with a few rows, as pg_dump wrote it (without its settings); never change it.

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.auto_trading_config (
    id smallint NOT NULL,
    enabled boolean NOT NULL,
    mode text NOT NULL,
    max_strategies bigint NOT NULL,
    real_trading_threshold double precision NOT NULL,
    evolution_interval double precision NOT NULL,
    version bigint NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_auto_trading_config_evolution_interval CHECK ((evolution_interval >= (0)::double precision)),
    CONSTRAINT ck_auto_trading_config_max_strategies CHECK (((max_strategies >= 0) AND (max_strategies <= 100000))),
    CONSTRAINT ck_auto_trading_config_mode CHECK ((mode = ANY (ARRAY['auto'::text, 'manual'::text, 'paper_only'::text]))),
    CONSTRAINT ck_auto_trading_config_one_row CHECK ((id = 1)),
    CONSTRAINT ck_auto_trading_config_real_trading_threshold CHECK (((real_trading_threshold >= (0)::double precision) AND (real_trading_threshold <= (100)::double precision)))
);

CREATE TABLE public.runs (
    id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    status text DEFAULT 'running'::text NOT NULL,
    engine_version text NOT NULL,
    seed bigint NOT NULL,
    settings jsonb NOT NULL,
    settings_hash text NOT NULL,
    data_hash text NOT NULL,
    cost_hash text NOT NULL,
    origin text NOT NULL,
    host text,
    pid bigint,
    evaluations bigint DEFAULT '0'::bigint NOT NULL,
    generation bigint DEFAULT '0'::bigint NOT NULL,
    round bigint DEFAULT '0'::bigint NOT NULL,
    batch bigint DEFAULT '-1'::bigint NOT NULL,
    state bytea,
    population_hash text,
    seconds double precision,
    CONSTRAINT ck_runs_counters CHECK (((batch >= '-1'::integer) AND (evaluations >= 0) AND (generation >= 0) AND (round >= 0))),
    CONSTRAINT ck_runs_origin CHECK ((origin ~ '^(real|simulated):.+$'::text)),
    CONSTRAINT ck_runs_status CHECK ((status = ANY (ARRAY['running'::text, 'done'::text, 'interrupted'::text, 'failed'::text])))
);

CREATE TABLE public.strategies (
    id text NOT NULL,
    run_id text NOT NULL,
    species text NOT NULL,
    child bigint NOT NULL,
    type text NOT NULL,
    symbol text NOT NULL,
    timeframe text NOT NULL,
    venue text NOT NULL,
    market_type text NOT NULL,
    origin text NOT NULL,
    parameters jsonb NOT NULL,
    history_start bigint,
    generation bigint DEFAULT '0'::bigint NOT NULL,
    round bigint DEFAULT '0'::bigint NOT NULL,
    state text DEFAULT 'candidate'::text NOT NULL,
    enabled boolean DEFAULT false NOT NULL,
    money text DEFAULT 'paper'::text NOT NULL,
    fitness double precision,
    scs double precision,
    score_parts jsonb,
    oos_scs double precision,
    grade text DEFAULT 'C'::text NOT NULL,
    grade_reason text,
    psr double precision,
    dsr double precision,
    n_trials bigint,
    n_trials_effective double precision,
    excess_return double precision,
    folds jsonb,
    n_trades bigint,
    oos_trades bigint,
    win_rate double precision,
    sharpe double precision,
    profit_factor double precision,
    max_drawdown double precision,
    volatility double precision,
    total_return double precision,
    exposure double precision,
    trades_per_year double precision,
    buy_and_hold double precision,
    min_equity double precision,
    metrics jsonb,
    parents bigint[],
    operator text,
    seed bigint,
    data_hash text NOT NULL,
    cost_hash text NOT NULL,
    engine_version text NOT NULL,
    version bigint DEFAULT '1'::bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_strategies_grade CHECK ((grade = ANY (ARRAY['A'::text, 'B'::text, 'C'::text]))),
    CONSTRAINT ck_strategies_market_type CHECK ((market_type = ANY (ARRAY['spot'::text, 'swap'::text]))),
    CONSTRAINT ck_strategies_money CHECK ((money = ANY (ARRAY['paper'::text, 'simulated'::text, 'real'::text]))),
    CONSTRAINT ck_strategies_oos_scs CHECK (((oos_scs >= (0)::double precision) AND (oos_scs <= (100)::double precision))),
    CONSTRAINT ck_strategies_origin CHECK ((origin ~ '^(real|simulated):.+$'::text)),
    CONSTRAINT ck_strategies_scs CHECK (((scs >= (0)::double precision) AND (scs <= (100)::double precision))),
    CONSTRAINT ck_strategies_state CHECK ((state = ANY (ARRAY['candidate'::text, 'enabled'::text, 'live'::text, 'retired'::text])))
);

CREATE TABLE public.strategy_evolution_history (
    ts timestamp with time zone DEFAULT now() NOT NULL,
    id bigint NOT NULL,
    run_id text NOT NULL,
    generation bigint NOT NULL,
    round bigint NOT NULL,
    species text,
    evaluations bigint,
    best_scs double precision,
    q25 double precision,
    median_scs double precision,
    q75 double precision,
    diversity double precision,
    coverage double precision,
    event text,
    message text
)
PARTITION BY RANGE (ts);

CREATE SEQUENCE public.strategy_evolution_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.strategy_evolution_history_id_seq OWNED BY public.strategy_evolution_history.id;

CREATE TABLE public.strategy_evolution_history_p2026_03 (
    ts timestamp with time zone DEFAULT now() CONSTRAINT strategy_evolution_history_ts_not_null NOT NULL,
    id bigint DEFAULT nextval('public.strategy_evolution_history_id_seq'::regclass) CONSTRAINT strategy_evolution_history_id_not_null NOT NULL,
    run_id text CONSTRAINT strategy_evolution_history_run_id_not_null NOT NULL,
    generation bigint CONSTRAINT strategy_evolution_history_generation_not_null NOT NULL,
    round bigint CONSTRAINT strategy_evolution_history_round_not_null NOT NULL,
    species text,
    evaluations bigint,
    best_scs double precision,
    q25 double precision,
    median_scs double precision,
    q75 double precision,
    diversity double precision,
    coverage double precision,
    event text,
    message text
);

CREATE TABLE public.strategy_management_config (
    id smallint NOT NULL,
    auto_enable boolean NOT NULL,
    max_enabled bigint NOT NULL,
    min_oos_trades bigint NOT NULL,
    demote_below double precision NOT NULL,
    retire_after_days double precision NOT NULL,
    CONSTRAINT ck_strategy_management_config_demote_below CHECK (((demote_below >= (0)::double precision) AND (demote_below <= (100)::double precision))),
    CONSTRAINT ck_strategy_management_config_max_enabled CHECK (((max_enabled >= 0) AND (max_enabled <= 100000))),
    CONSTRAINT ck_strategy_management_config_min_oos_trades CHECK ((min_oos_trades >= 0)),
    CONSTRAINT ck_strategy_management_config_one_row CHECK ((id = 1)),
    CONSTRAINT ck_strategy_management_config_retire_after_days CHECK ((retire_after_days >= (0)::double precision))
);

CREATE TABLE public.strategy_optimization_logs (
    ts timestamp with time zone DEFAULT now() NOT NULL,
    id bigint NOT NULL,
    run_id text NOT NULL,
    batch bigint,
    species text,
    child bigint,
    strategy_id text,
    event text NOT NULL,
    message text,
    details jsonb
)
PARTITION BY RANGE (ts);

CREATE SEQUENCE public.strategy_optimization_logs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.strategy_optimization_logs_id_seq OWNED BY public.strategy_optimization_logs.id;

CREATE TABLE public.strategy_optimization_logs_p2026_03 (
    ts timestamp with time zone DEFAULT now() CONSTRAINT strategy_optimization_logs_ts_not_null NOT NULL,
    id bigint DEFAULT nextval('public.strategy_optimization_logs_id_seq'::regclass) CONSTRAINT strategy_optimization_logs_id_not_null NOT NULL,
    run_id text CONSTRAINT strategy_optimization_logs_run_id_not_null NOT NULL,
    batch bigint,
    species text,
    child bigint,
    strategy_id text,
    event text CONSTRAINT strategy_optimization_logs_event_not_null NOT NULL,
    message text,
    details jsonb
);

CREATE TABLE public.trials (
    run_id text NOT NULL,
    species text NOT NULL,
    child bigint NOT NULL,
    batch bigint NOT NULL,
    genome double precision[] NOT NULL,
    genome_hash text NOT NULL,
    data_hash text NOT NULL,
    fitness double precision,
    operator text NOT NULL,
    parents bigint[] NOT NULL,
    metrics jsonb
);

ALTER TABLE ONLY public.strategy_evolution_history ATTACH PARTITION public.strategy_evolution_history_p2026_03 FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-04-01 00:00:00+00');

ALTER TABLE ONLY public.strategy_optimization_logs ATTACH PARTITION public.strategy_optimization_logs_p2026_03 FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-04-01 00:00:00+00');

ALTER TABLE ONLY public.strategy_evolution_history ALTER COLUMN id SET DEFAULT nextval('public.strategy_evolution_history_id_seq'::regclass);

ALTER TABLE ONLY public.strategy_optimization_logs ALTER COLUMN id SET DEFAULT nextval('public.strategy_optimization_logs_id_seq'::regclass);

INSERT INTO public.alembic_version VALUES ('0001');

INSERT INTO public.auto_trading_config VALUES (1, false, 'paper_only', 20, 65, 60, 2, 'ann', '2026-03-14 09:26:53+00');

INSERT INTO public.runs VALUES ('20260314-092653-k7qz', '2026-03-14 09:26:53+00', '2026-03-14 09:26:53+00', 'running', '1', 7, '{"lag": 4, "batch_size": 64, "population": 1034}', 'ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'real:binance', NULL, NULL, 2, 1, 1, 1, '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', NULL, NULL);

INSERT INTO public.strategies VALUES ('4rfxoymf62jd', '20260314-092653-k7qz', 'momentum|BTC/USDT|1h', 61, 'momentum', 'BTC/USDT', '1h', 'binance', 'spot', 'real:binance', '{"threshold": 0.01, "lookback_period": 20}', 1773480413000, 0, 0, 'enabled', true, 'paper', NULL, 61, '{"win_rate": 0.5}', 66, 'C', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 61, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '1', 1, '2026-03-14 09:26:53+00', '2026-03-14 09:26:53+00');

INSERT INTO public.strategy_evolution_history_p2026_03 VALUES ('2026-03-14 09:26:53+00', 1, '20260314-092653-k7qz', 1, 1, 'momentum|BTC/USDT|1h', NULL, 61.5, NULL, NULL, NULL, NULL, NULL, NULL, 'it''s 100 % new');

INSERT INTO public.strategy_management_config VALUES (1, true, 100, 30, 58, 30);

INSERT INTO public.strategy_optimization_logs_p2026_03 VALUES ('2026-03-14 09:26:53+00', 1, '20260314-092653-k7qz', NULL, NULL, NULL, NULL, 'window_roll', NULL, '{"bars": 3}');

INSERT INTO public.trials VALUES ('20260314-092653-k7qz', 'momentum|BTC/USDT|1h', 0, 0, '{20,0.01,0.3333333333333333}', '0000000000000000000000000000000000000000000000000000000000000000', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 61.5, 'sbx', '{1,2}', NULL);
INSERT INTO public.trials VALUES ('20260314-092653-k7qz', 'momentum|BTC/USDT|1h', 1, 1, '{20,1.01,0.3333333333333333}', '0000000000000000000000000000000000000000000000000000000000000001', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', NULL, 'sbx', '{1,2}', '{"sharpe": 1.5}');

SELECT pg_catalog.setval('public.strategy_evolution_history_id_seq', 1, true);

SELECT pg_catalog.setval('public.strategy_optimization_logs_id_seq', 1, true);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.auto_trading_config
    ADD CONSTRAINT pk_auto_trading_config PRIMARY KEY (id);

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (id);

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT pk_strategies PRIMARY KEY (id);

ALTER TABLE ONLY public.strategy_evolution_history
    ADD CONSTRAINT pk_strategy_evolution_history PRIMARY KEY (ts, id);

ALTER TABLE ONLY public.strategy_management_config
    ADD CONSTRAINT pk_strategy_management_config PRIMARY KEY (id);

ALTER TABLE ONLY public.strategy_optimization_logs
    ADD CONSTRAINT pk_strategy_optimization_logs PRIMARY KEY (ts, id);

ALTER TABLE ONLY public.trials
    ADD CONSTRAINT pk_trials PRIMARY KEY (run_id, species, child);

ALTER TABLE ONLY public.strategy_evolution_history_p2026_03
    ADD CONSTRAINT strategy_evolution_history_p2026_03_pkey PRIMARY KEY (ts, id);

ALTER TABLE ONLY public.strategy_optimization_logs_p2026_03
    ADD CONSTRAINT strategy_optimization_logs_p2026_03_pkey PRIMARY KEY (ts, id);

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT uq_strategies_run_id_species_child UNIQUE (run_id, species, child);

CREATE INDEX ix_runs_created_at ON public.runs USING btree (created_at);

CREATE INDEX ix_strategies_oos_scs ON public.strategies USING btree (oos_scs DESC NULLS LAST, id);

CREATE INDEX ix_strategies_scs ON public.strategies USING btree (scs DESC NULLS LAST, id);

CREATE INDEX ix_strategies_state ON public.strategies USING btree (state);

CREATE INDEX ix_strategies_type_symbol_timeframe ON public.strategies USING btree (type, symbol, timeframe);

CREATE INDEX ix_strategy_evolution_history_run_id_ts ON ONLY public.strategy_evolution_history USING btree (run_id, ts);

CREATE INDEX ix_strategy_optimization_logs_run_id_ts ON ONLY public.strategy_optimization_logs USING btree (run_id, ts);

CREATE INDEX ix_trials_data_hash_species_genome_hash ON public.trials USING btree (data_hash, species, genome_hash);

CREATE INDEX ix_trials_run_id_batch ON public.trials USING btree (run_id, batch);

CREATE INDEX strategy_evolution_history_p2026_03_run_id_ts_idx ON public.strategy_evolution_history_p2026_03 USING btree (run_id, ts);

CREATE INDEX strategy_optimization_logs_p2026_03_run_id_ts_idx ON public.strategy_optimization_logs_p2026_03 USING btree (run_id, ts);

ALTER INDEX public.pk_strategy_evolution_history ATTACH PARTITION public.strategy_evolution_history_p2026_03_pkey;

ALTER INDEX public.ix_strategy_evolution_history_run_id_ts ATTACH PARTITION public.strategy_evolution_history_p2026_03_run_id_ts_idx;

ALTER INDEX public.pk_strategy_optimization_logs ATTACH PARTITION public.strategy_optimization_logs_p2026_03_pkey;

ALTER INDEX public.ix_strategy_optimization_logs_run_id_ts ATTACH PARTITION public.strategy_optimization_logs_p2026_03_run_id_ts_idx;

ALTER TABLE ONLY public.strategies
    ADD CONSTRAINT fk_strategies_run_id_runs FOREIGN KEY (run_id) REFERENCES public.runs(id);

ALTER TABLE ONLY public.trials
    ADD CONSTRAINT fk_trials_run_id_runs FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;
