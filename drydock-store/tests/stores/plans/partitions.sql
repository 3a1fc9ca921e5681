-- The site's partitions: what has ended, what runs and sleeps, and others in which there is nothing.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tasks', 'labels', 'checkpoints', 'attempts', 'waits', 'marks', 'signals', 'messages', 'facts', 'progress',
        'ends', 'audit'] LOOP
        EXECUTE format('CREATE TABLE %1$s_past PARTITION OF %1$s FOR VALUES FROM (''00000000-0000-7000-0000-000000000000'')
            TO (''00000000-0000-7000-0000-000000017700'')', name);
        EXECUTE format('CREATE TABLE %1$s_late PARTITION OF %1$s FOR VALUES FROM (''00000000-0000-7000-0000-000000017700'')
            TO (''00000000-0000-7000-0000-000000030d41'')', name);
        EXECUTE format('CREATE TABLE %1$s_now PARTITION OF %1$s FOR VALUES FROM (''00000000-0000-7000-0000-000000030d41'')
            TO (''01000000-0000-7000-0000-000000000000'')', name);
        EXECUTE format('CREATE TABLE %1$s_next PARTITION OF %1$s FOR VALUES FROM (''01000000-0000-7000-0000-000000000000'')
            TO (''02000000-0000-7000-0000-000000000000'')', name);
    END LOOP;
END $$;
