-- The rows a new installation starts with, written once and an editor's own from then on.
--
-- In reading order: roles and what they may do; after them the workflow, the prompt parts and the actions.

-- ---------------------------------------------------------------------------------------------
-- Roles
-- ---------------------------------------------------------------------------------------------

INSERT INTO role (name, label, description) VALUES
    ('administrator', 'Administrator', 'Does everything, including people, providers and the workflow.'),
    ('editor', 'Editor', 'Edits and removes every post, and shapes prompt parts and actions.'),
    ('author', 'Author', 'Writes posts, edits their own, and lets a model help with them.'),
    ('viewer', 'Viewer', 'Reads posts, actions and runs; changes nothing.');

INSERT INTO role_permission (role_id, permission)
SELECT role.id, granted.permission
FROM role
JOIN (VALUES
    ('administrator', 'people.manage'),
    ('administrator', 'tokens.create'),
    ('administrator', 'post.read'),
    ('administrator', 'post.create'),
    ('administrator', 'post.edit'),
    ('administrator', 'post.edit_any'),
    ('administrator', 'post.remove'),
    ('administrator', 'workflow.automate'),
    ('administrator', 'workflow.configure'),
    ('administrator', 'llm.read'),
    ('administrator', 'llm.run'),
    ('administrator', 'llm.configure'),

    ('editor', 'tokens.create'),
    ('editor', 'post.read'),
    ('editor', 'post.create'),
    ('editor', 'post.edit'),
    ('editor', 'post.edit_any'),
    ('editor', 'post.remove'),
    ('editor', 'workflow.automate'),
    ('editor', 'llm.read'),
    ('editor', 'llm.run'),
    ('editor', 'llm.configure'),

    ('author', 'tokens.create'),
    ('author', 'post.read'),
    ('author', 'post.create'),
    ('author', 'post.edit'),
    ('author', 'workflow.automate'),
    ('author', 'llm.read'),
    ('author', 'llm.run'),

    ('viewer', 'post.read'),
    ('viewer', 'llm.read')
) AS granted (role, permission) ON granted.role = role.name;
