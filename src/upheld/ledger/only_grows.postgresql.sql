-- Nothing written is changed, deleted or truncated; entries have no gaps.
CREATE OR REPLACE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger only grows'; END $$;

CREATE OR REPLACE FUNCTION ledger_grows_at_its_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> (SELECT coalesce(max(id) + 1, 0) FROM ledger_entry) THEN
    RAISE EXCEPTION 'the ledger only grows at its end';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER ledger_entry_never BEFORE UPDATE OR DELETE ON ledger_entry
FOR EACH ROW EXECUTE FUNCTION ledger_only_grows();

CREATE TRIGGER ledger_entry_truncate BEFORE TRUNCATE ON ledger_entry
EXECUTE FUNCTION ledger_only_grows();

CREATE TRIGGER ledger_entry_insert BEFORE INSERT ON ledger_entry
FOR EACH ROW EXECUTE FUNCTION ledger_grows_at_its_end();

CREATE TRIGGER ledger_node_never BEFORE UPDATE OR DELETE ON ledger_node
FOR EACH ROW EXECUTE FUNCTION ledger_only_grows();

CREATE TRIGGER ledger_node_truncate BEFORE TRUNCATE ON ledger_node
EXECUTE FUNCTION ledger_only_grows();

CREATE TRIGGER ledger_head_delete BEFORE DELETE ON ledger_head
FOR EACH ROW EXECUTE FUNCTION ledger_only_grows();

CREATE TRIGGER ledger_head_truncate BEFORE TRUNCATE ON ledger_head
EXECUTE FUNCTION ledger_only_grows();

CREATE TRIGGER ledger_head_update BEFORE UPDATE ON ledger_head
FOR EACH ROW WHEN (NEW.size <= OLD.size) EXECUTE FUNCTION ledger_only_grows();
