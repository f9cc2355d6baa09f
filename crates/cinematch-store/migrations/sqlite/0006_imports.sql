-- The import that wrote a feedback row; NULL if the user entered or changed it here. Before this column,
-- a row counted as imported if its time was that of an import. No foreign key: it would search the whole
-- table for every import deleted, and imports are deleted with their user's feedback only.
ALTER TABLE feedback ADD COLUMN import_id INTEGER;
UPDATE feedback SET import_id = (
    SELECT MAX(imports.id) FROM imports
    WHERE imports.user_id = feedback.user_id AND imports.imported_at = feedback.updated_at
) WHERE EXISTS (
    SELECT 1 FROM imports
    WHERE imports.user_id = feedback.user_id AND imports.imported_at = feedback.updated_at
);
