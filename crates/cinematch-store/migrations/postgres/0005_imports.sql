-- See migrations/sqlite/0006_imports.sql.
ALTER TABLE feedback ADD COLUMN import_id BIGINT;
UPDATE feedback SET import_id = (
    SELECT MAX(imports.id) FROM imports
    WHERE imports.user_id = feedback.user_id AND imports.imported_at = feedback.updated_at
) WHERE EXISTS (
    SELECT 1 FROM imports
    WHERE imports.user_id = feedback.user_id AND imports.imported_at = feedback.updated_at
);
